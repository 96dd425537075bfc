/** Blocks: what their tasks inherit, and what each message about them says. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TaskOrBlock } from './model.ts'
import { loadContents, mistakesIn, playsOf } from './testing/playbooks.ts'
import { report } from './testing/report.ts'

function shape(step: TaskOrBlock): unknown {
  if (!('kind' in step)) return step.name
  const { name, tasks, rescue, always } = step
  return { name, tasks: tasks.map(shape), rescue: rescue.map(shape), always: always.map(shape) }
}

const playbook = (tasks: string) => ({
  '/p/site.yml': `- hosts: all\n  tasks:\n${tasks.trimStart().replaceAll(/^(?=.)/gm, '    ')}`,
})

test('blocks nest, also through imports and roles, and a block that handles nothing is only its tasks', () => {
  const [play] = playsOf({
    ...playbook(`
- name: Outer
  block:
    - name: plain
      block: [{ name: a, command: x }]
    - block: [{ name: b, command: x }]
      always: [{ name: c, command: x }]
    - import_tasks: more.yml
  rescue:
    - import_role: { name: web }
      vars: { user_name: ann }
- name: last
  command: x
`),
    '/p/more.yml': '- block: [{ name: d, command: x }]\n  rescue: [{ name: e, command: x }]\n',
  })
  const [section] = play?.sections ?? []
  assert.deepEqual(section?.steps.map(shape), [
    {
      name: 'Outer',
      tasks: [
        'a',
        { name: 'the block in site.yml, line 7', tasks: ['b'], rescue: [], always: ['c'] },
        { name: 'the block in more.yml, line 1', tasks: ['d'], rescue: ['e'], always: [] },
      ],
      rescue: ['write the page', 'command'],
      always: [],
    },
    'last',
  ])
  assert.deepEqual(
    section?.tasks.map(({ name, inRescue }) => `${name}${inRescue ? ' in rescue' : ''}`),
    ['a', 'b', 'c', 'd', 'e in rescue', 'write the page in rescue', 'command in rescue', 'last'],
  )
  assert.deepEqual(
    play?.handlers.map(({ inRescue }) => inRescue),
    [false],
  )
})

test('tasks inherit the keywords of their block', () => {
  const [play] = playsOf(
    {
      '/p/site.yml': `
- hosts: all
  handlers: [{ name: one, command: x }, { name: two, command: x }]
  tasks:
    - block:
        - command: "{{ word }}"
          when: second
          tags: inner
          notify: two
      rescue: [{ command: x, become: false }]
      when: first
      tags: outer
      notify: one
      vars: { word: x }
      become: true
      environment: { A: b }
      ignore_errors: true
      no_log: true
      exit_code: 5
`,
    },
    { variables: ['first', 'second'] },
  )
  const [task, rescue] = play?.sections[0]?.tasks ?? []
  assert.ok(task && rescue)
  assert.deepEqual(
    task.when.map(({ source }) => source),
    ['first', 'second'],
  )
  assert.deepEqual(
    task.notify.map(({ name }) => name),
    ['one', 'two'],
  )
  assert.deepEqual([task.tags, rescue.tags], [['outer', 'inner'], ['outer']])
  assert.deepEqual([task.become.enabled, rescue.become.enabled], [true, false])
  assert.deepEqual([...task.vars.keys()], ['word'])
  assert.deepEqual([...task.environment.keys()], ['A'])
  assert.deepEqual([task.ignoreErrors, task.noLog, task.exitCode], [true, true, 5])
  assert.deepEqual(
    play?.handlers.map(({ notify }) => notify.length),
    [0, 0],
  )
})

test('a role in a block that notifies does not make its handlers notify', () => {
  const [play] = playsOf({
    '/p/site.yml': `
- hosts: all
  handlers: [{ name: one, command: x }]
  tasks:
    - block: [{ import_role: { name: web }, vars: { user_name: ann } }]
      always: [{ command: x }]
      notify: one
`,
  })
  assert.deepEqual(
    play?.handlers.map(({ name, notify }) => [name, notify.length]),
    [
      ['restart web', 0],
      ['one', 0],
    ],
  )
  assert.deepEqual(
    play?.sections[0]?.tasks.map(({ notify }) => notify.map(({ name }) => name)),
    [['restart web', 'one'].reverse(), ['one'], ['one']],
  )
})

const keyword = 'is not a keyword of a block (it belongs to a task: write it under "block")'
const under = (part: string, which: string): string =>
  `no-block: "${part}" needs tasks under "block" (put the tasks ${which} under "block", at the same level as "${part}")`
const elsewhere = (name: string): string =>
  `undefined-variable: "${name}" is not defined (it exists only under "rescue"; under "always" add "when: defined(${name})")`

const mistakes: readonly (readonly [tasks: string, messages: readonly string[]])[] = [
  ['- rescue: [{ command: x }]\n', [`3:7 ${under('rescue', 'whose failure it handles')}`]],
  [
    '- command: x\n  always: [{ command: x }]\n',
    [`3:7 unknown-keyword: "command" ${keyword}`, `4:7 ${under('always', 'that it follows')}`],
  ],
  ['- block: []\n', ['3:14 no-block: "block" has no tasks (list them, or remove it)']],
  [
    '- block: [{ command: x }]\n  rescue:\n',
    ['4:14 no-block: "rescue" has no tasks (list them, or remove it)'],
  ],
  [
    '- block: { command: x }\n',
    ['3:14 invalid-keyword: "block" must be a list, not a map (start each entry of the list with "- ")'],
  ],
  ['- block: [{ command: x }]\n  loop: [1]\n', [`4:7 unknown-keyword: "loop" ${keyword}`]],
  ['- block: [{ command: x }]\n  register: r\n', [`4:7 unknown-keyword: "register" ${keyword}`]],
  [
    '- block: [{ command: x }]\n  debugger: x\n',
    ['4:7 not-yet-supported: "debugger" is not yet supported (leave it out)'],
  ],
  [
    '- block: [{ command: x }]\n  resque: [{ command: x }]\n',
    ['4:7 unknown-keyword: "resque" is not a keyword of a block (did you mean "rescue"?)'],
  ],
  ['- debug: { msg: "{{ failed_task.name }}" }\n', [`3:25 ${elsewhere('failed_task')}`]],
  [
    '- block: [{ command: "{{ failed_result.msg }}" }]\n  always: [{ command: "{{ failed_result.msg }}" }]\n',
    [`3:30 ${elsewhere('failed_result')}`, `4:31 ${elsewhere('failed_result')}`],
  ],
  [
    '- block: [{ command: x }]\n  rescue: [{ debug: { msg: "{{ failed_task.nam }}" } }]\n',
    ['4:48 no-such-key: "failed_task" has no "nam" (did you mean "name"?)'],
  ],
]

for (const [tasks, messages] of mistakes) {
  test(`a mistake with a place and a cure: ${JSON.stringify(tasks)}`, () => {
    assert.deepEqual(
      mistakesIn(tasks),
      messages.map((message) => `site.yml:${message}`),
    )
  })
}

test('the facts of a failure are known under rescue, and under always to a task that tests for them', () => {
  assert.deepEqual(
    mistakesIn(`- block: [{ command: x }]
  rescue:
    - debug: { msg: "{{ failed_task.name }} {{ failed_result.msg }} {{ failed_result.own_field }}" }
    - block: [{ command: "{{ failed_task.module }}" }]
      always: [{ command: "{{ failed_task.module }}" }]
  always:
    - command: "{{ failed_task.name }}"
      when: defined(failed_task)
`),
    [],
  )
})

test('a handler cannot be a block', () => {
  assert.deepEqual(
    report(
      loadContents({
        '/p/site.yml': '- hosts: all\n  handlers:\n    - name: x\n      block: [{ command: x }]\n',
      }).problems,
    ),
    [
      'site.yml:3:7 invalid-handler: a handler cannot be a block (write a handler for each task; the same topic under "listen" notifies all of them)',
    ],
  )
})
