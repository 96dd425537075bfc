/** `include_tasks` and `include_role` in a run on this machine. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { InputError } from '../base/errors.ts'
import { report } from '../language/testing/report.ts'
import { steps } from './testing/block-plays.ts'
import { facts } from '../host/facts.ts'
import { diskFiles } from '../language/read-files.ts'
import { modules } from '../modules/catalogue.ts'
import { playsText } from '../view/plays-text.ts'
import { listPlays } from './list-plays.ts'
import { folderOfTests, localReach, plainRequest, testWorld } from './testing/local-run.ts'

const play = (tasks: string, more = ''): string =>
  `- hosts: localhost\n${more}  tasks:\n${tasks.trimStart().replaceAll(/^(?=.)/gm, '    ')}`

describe('included tasks', () => {
  const folder = folderOfTests()
  folder.write('say.yml', '- name: Say {{ word }}\n  debug: { msg: "{{ word }}" }\n')
  folder.write('os-linux.yml', '- debug: { msg: linux }\n')
  folder.write('os-bsd.yml', '- debug: { msg: bsd }\n')
  folder.write('shadow.yml', '- debug: { msg: "{{ word }}-{{ item }}" }\n  loop: [x, y]\n')
  folder.write(
    'roles/greet/tasks/main.yml',
    '- debug: { msg: "{{ greeting }} {{ who }}" }\n  notify: Bow\n  changed_when: true\n',
  )
  folder.write('roles/greet/tasks/leave.yml', '- debug: { msg: "bye {{ who }}" }\n')
  folder.write('roles/greet/defaults/main.yml', 'greeting: hello\n')
  folder.write('roles/greet/handlers/main.yml', '- name: Bow\n  debug: { msg: bows }\n')
  folder.write(
    'roles/greet/meta/arguments.yml',
    'type: object\nrequired: [who]\nproperties: { who: { type: string, maxLength: 4 }, greeting: { type: string } }\n',
  )

  for (const stepByStep of [false, true]) {
    test(`run for each item, with the variables of the include${stepByStep ? ', step by step' : ''}`, async () => {
      const run = await folder.run(
        play(`
- include_tasks: say.yml
  loop: [a, b]
  vars: { word: 'it is {{ item }}' }
- debug: { msg: end }
`),
        { stepByStep },
      )
      assert.deepEqual(run.messages, ['it is a', 'it is b', 'end'])
      assert.deepEqual(steps(run), ['include_tasks ok', 'Say it is a ok', 'Say it is b ok', 'debug ok'])
    })
  }

  test('the name is rendered for the host; other files do not run', async () => {
    const text = play(`
- include_tasks: 'os-{{ kernel }}.yml'
  vars: { kernel: !cel 'facts.kernel == "" ? "bsd" : "linux"' }
`)
    for (const check of [false, true])
      assert.deepEqual((await folder.run(text, { check })).messages, ['linux'])
  })

  test('a loop inside does not change the variables that the include gave', async () => {
    const run = await folder.run(
      play(`
- include_tasks: shadow.yml
  loop: [a, b]
  vars: { word: '{{ item }}' }
`),
    )
    const items = run.events.flatMap((event) =>
      event.type === 'item.finished' ? (event.detail.message ?? []) : [],
    )
    assert.deepEqual(items, ['a-x', 'a-y', 'b-x', 'b-y'])
  })

  test('the variables of the include override those around it, and -e overrides both', async () => {
    const text = play(
      `
- block:
    - include_tasks: { file: say.yml }
      vars: { word: near }
  vars: { word: far }
`,
      '  vars: { word: farthest }\n',
    )
    assert.deepEqual((await folder.run(text)).messages, ['near'])
    assert.deepEqual((await folder.run(text, { extraVars: ['word=given'] })).messages, ['given'])
  })

  test('a condition is decided once, for the include', async () => {
    folder.write('undo.yml', '- set_fact: { go: false }\n- debug: { msg: still }\n')
    const run = await folder.run(
      play(`
- include_tasks: undo.yml
  when: default(go, true)
- include_tasks: say.yml
  when: go
  vars: { word: never }
`),
    )
    assert.deepEqual(steps(run), ['include_tasks ok', 'set_fact ok', 'debug ok', 'include_tasks skipped'])
  })

  test('tags of the include and of its tasks select them', async () => {
    folder.write(
      'tagged.yml',
      '- { name: one, debug: { msg: one }, tags: one }\n- { name: two, debug: { msg: two } }\n',
    )
    const text = play(`
- include_tasks: tagged.yml
  tags: all_of_it
- debug: { msg: other }
`)
    const messages = async (...tags: string[]) =>
      (await folder.run(text, { tags: { tags, skipTags: [] } })).messages
    assert.deepEqual(await messages('one'), ['one'])
    assert.deepEqual(await messages('all_of_it'), ['one', 'two'])
    assert.deepEqual((await folder.run(text, { tags: { tags: [], skipTags: ['all_of_it'] } })).messages, [
      'other',
    ])
    assert.deepEqual((await folder.run(text, { startAt: 'two' })).messages, ['two', 'other'])
  })

  test('a failure inside is rescued by the block around the include', async () => {
    folder.write('fails.yml', '- fail: { msg: no }\n- debug: { msg: never }\n')
    const run = await folder.run(
      play(`
- block:
    - include_tasks: fails.yml
      loop: [1, 2]
  rescue:
    - debug: { msg: 'rescued {{ failed_task.name }}' }
`),
    )
    assert.equal(run.exitCode, 0)
    assert.deepEqual(run.messages, ['rescued fail'])
  })

  test('a role is included with its parameters, handlers and checks', async () => {
    const run = await folder.run(
      play(`
- include_role: { name: greet }
  loop: [Ada, Eve]
  vars: { who: '{{ item }}' }
- include_role: { name: greet, tasks_from: leave.yml }
  vars: { who: Ann }
- include_role: { name: greet }
  loop: [Isolde]
  vars: { who: '{{ item }}' }
  ignore_errors: true
`),
    )
    assert.deepEqual(run.messages, ['hello Ada', 'hello Eve', 'bye Ann', 'bows'])
    const problems = run.events.flatMap((event) =>
      event.type === 'task.finished' && event.outcome === 'failed'
        ? (event.detail.problem?.message ?? [])
        : [],
    )
    assert.deepEqual(problems, ['"who" must have at most 4 characters'])
  })

  test('parameters of an included role that are known before the run are checked before it', async () => {
    const run = folder.run(
      play(`
- include_role: { name: greet }
  vars: { greeting: 7 }
`),
    )
    await assert.rejects(run, (error) => {
      assert.ok(error instanceof InputError)
      assert.equal(report(error.problems).length, 2, report(error.problems).join('\n'))
      return true
    })
  })

  test('a name that nothing fits fails the task, and the hint names what there is', async () => {
    const run = await folder.run(
      play(`
- include_tasks: 'os-{{ kernel }}.yml'
  vars: { kernel: !cel 'facts.kernel == "" ? "bsd" : "hurd"' }
`),
    )
    const [failed] = run.events.flatMap((event) =>
      event.type === 'task.finished' ? [event.detail.problem] : [],
    )
    assert.equal(failed?.message, 'there is no file "os-hurd.yml" to include')
    assert.equal(failed?.hint, 'there are os-bsd.yml, os-linux.yml')
  })

  test('in a dry run, what depends on a result that only the run knows may run', async () => {
    const run = await folder.run(
      play(`
- command: echo linux
  register: said
- include_tasks: 'os-{{ said.stdout }}.yml'
- include_tasks: say.yml
  when: said.rc == 0
  vars: { word: '{{ said.stdout }}' }
- include_tasks: say.yml
  loop: !cel said.stdout_lines
  vars: { word: '{{ item }}' }
`),
      { check: true },
    )
    assert.deepEqual(steps(run), [
      'command unknown',
      'include_tasks unknown',
      'debug unknown',
      'debug unknown',
      'include_tasks unknown',
      'Say {{ word }} unknown',
      'include_tasks unknown',
      'Say {{ word }} unknown',
    ])
  })

  test('lists name what may be included, also for one tag', () => {
    const file = folder.write(
      'list.yml',
      play("- include_tasks: 'os-{{ facts.os.id }}.yml'\n  tags: os\n- debug: { msg: x }\n"),
    )
    const world = testWorld(folder.path)
    const [listed] = listPlays(
      {
        ...plainRequest,
        playbooks: [file],
        inventories: ['localhost,'],
        tags: { tags: ['os'], skipTags: [] },
      },
      {
        world,
        files: diskFiles,
        modules,
        facts,
        reach: localReach(world),
        sinks: [],
        signal: new AbortController().signal,
      },
    )
    assert.ok(listed)
    const text = playsText([listed], { hosts: false, tasks: true, tags: false })
    assert.equal(
      text.replaceAll(/ +/g, ' '),
      `PLAY localhost
 tasks: 3
 include_tasks [os]
 debug (if included) [os]
 debug (if included) [os]`,
    )
  })

  test('an include inside an included file sees both inputs', async () => {
    folder.write(
      'outer.yml',
      "- include_tasks: say.yml\n  vars: { word: '{{ outer }} {{ inner }}' }\n  loop: [1]\n  loop_control: { loop_var: inner }\n",
    )
    const run = await folder.run(
      play(`
- include_tasks: outer.yml
  loop: [a, b]
  vars: { outer: '{{ item }}' }
`),
    )
    assert.deepEqual(run.messages, ['a 1', 'b 1'])
  })
})

test('hosts that include different files wait for each other only where they decide together', async () => {
  const folder = folderOfTests()
  folder.write(
    'first-a.yml',
    '- { name: once, command: { cmd: "echo {{inventory_hostname}}", reads: true }, run_once: true, register: said }\n',
  )
  folder.write('first-b.yml', '- debug: { msg: b }\n')
  const inventory = folder.write(
    'hosts.ini',
    'h1 kind=b\nh2 kind=a\nh3 kind=a\n[all:vars]\nconnection=local\n',
  )
  const run = await folder.run(
    `- hosts: all
  tasks:
    - include_tasks: 'first-{{ kind }}.yml'
    - { name: after, debug: { msg: "{{ default said.stdout 'none' }}" } }
`,
    { inventories: [inventory] },
  )
  assert.equal(run.exitCode, 0)
  const after = run.events.flatMap((event) =>
    event.type === 'task.finished' && event.task.name === 'after'
      ? [`${event.host} ${event.detail.message}`]
      : [],
  )
  assert.deepEqual(after.sort(), ['h1 none', 'h2 h2', 'h3 h2'])
})
