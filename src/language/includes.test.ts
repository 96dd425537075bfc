/** What `include_tasks` and `include_role` can include is read and checked when the playbook loads. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { tasksOf } from './block-steps.ts'
import { loadContents, playsOf } from './testing/playbooks.ts'
import { report } from './testing/report.ts'

const files = {
  '/p/os/debian.yml': '- { name: debian, debug: { msg: "{{size}}" } }\n',
  '/p/os/ubuntu.yml': '- { name: ubuntu, debug: { msg: x } }\n',
  '/p/own.yml': '- include_tasks: "{{part}}.yml"\n  vars: { part: os/x }\n',
  '/p/roles/gpu_a/tasks/main.yml': '- { name: a, debug: { msg: "{{card}}" } }\n',
  '/p/roles/gpu_a/tasks/drop-old.yml': '- { name: drop a, debug: { msg: x } }\n',
  '/p/roles/gpu_a/defaults/main.yml': 'card: 0\n',
  '/p/roles/gpu_b/tasks/main.yml': '- { name: b, debug: { msg: x } }\n',
}

const site = (tasks: string): string => `- hosts: all\n  tasks:\n    ${tasks.replaceAll('\n', '\n    ')}\n`

const included: readonly (readonly [tasks: string, names: readonly string[]])[] = [
  ['- include_tasks: os/ubuntu.yml', ['ubuntu']],
  ["- include_tasks: 'os/{{facts.os.id}}.yml'\n  vars: { size: 1 }", ['debian', 'ubuntu']],
  ["- include_tasks: '{{playbook_dir}}/os/ub{{x}}.yml'\n  vars: { x: 1 }", ['ubuntu']],
  [
    "- include_tasks: '{{item}}'\n  loop: [os/debian.yml, os/ubuntu.yml]\n  vars: { size: 1 }",
    ['debian', 'ubuntu'],
  ],
  ["- include_role: { name: 'gpu_{{x}}' }\n  vars: { card: 1, x: a }", ['a', 'b']],
  ["- include_role: { name: '{{item}}' }\n  loop: [gpu_b]", ['b']],
  ["- include_role: { name: gpu_a, tasks_from: 'drop-{{facts.os.id}}.yml' }", ['drop a']],
  ['- include_role: { name: gpu_a, tasks_from: drop-old }', ['drop a']],
]
for (const [tasks, names] of included) {
  test(`${tasks.replaceAll('\n', ' ')} can include ${names.join(', ')}`, () => {
    const [play] = playsOf({ ...files, '/p/site.yml': site(tasks) })
    const found = (play?.sections ?? []).flatMap(({ steps }) => tasksOf(steps)).map(({ name }) => name)
    assert.deepEqual(found.slice(1), names)
  })
}

test('included tasks inherit the keywords of the include, but not its condition', () => {
  const [play] = playsOf({
    ...files,
    '/p/site.yml': site(
      "- include_tasks: os/ubuntu.yml\n  when: facts.os.id == 'x'\n  tags: t\n  become: true\n  no_log: true\n  run_once: true",
    ),
  })
  const [include, task] = play?.sections[0]?.tasks ?? []
  assert.deepEqual([include?.runOnce, include?.when.length], [false, 1])
  assert.deepEqual(
    [task?.tags, task?.become.enabled, task?.noLog, task?.runOnce, task?.when.length],
    [['t'], true, true, true, 0],
  )
})

describe('mistakes', () => {
  const mistakes: readonly (readonly [tasks: string, message: string])[] = [
    ['- include_tasks: os/debian.yml', 'debian.yml:1:36 undefined-variable: "size" is not defined'],
    [
      '- include_tasks: os/debain.yml',
      'site.yml:3:22 missing-file: there is no file "os/debain.yml" (did you mean "debian.yml"?)',
    ],
    [
      "- include_tasks: 'os/{{facts.os.id}}.yaml'",
      'site.yml:3:22 missing-file: no file matches "os/*.yaml" (looked in /p/os)',
    ],
    [
      "- include_tasks: '{{x}}'\n  vars: { x: own.yml }",
      'site.yml:3:22 unclear-include: "include_tasks" does not show what it can include (write a part of the name as text, such as "setup-{{facts.os.id}}.yml", or loop over a list of names; gpuplay reads all that fits first)',
    ],
    ['- include_role: gpu_c', 'site.yml:3:21 unknown-role: there is no role "gpu_c" (did you mean "gpu_a"?)'],
    [
      "- include_role: { name: 'driver_{{facts.os.id}}' }",
      'site.yml:3:29 unknown-role: no role matches "driver_*" (looked in /p/roles, /roles)',
    ],
    [
      '- include_role: { name: gpu_a, tasks_from: drop-odl }',
      'site.yml:3:48 missing-file: the role "gpu_a" has no tasks/drop-odl (did you mean "drop-old"?)',
    ],
    [
      '- include_role: { name: gpu_a, public: true }',
      'site.yml:3:36 invalid-argument: "include_role" has no "public" (leave it out: the variables of a role are only visible in it)',
    ],
    [
      '- include_tasks: { file: os/ubuntu.yml, apply: { tags: x } }',
      'site.yml:3:45 invalid-argument: "include_tasks" has no "apply" (write its keywords on the task: the included tasks inherit them)',
    ],
    [
      '- include_tasks: os/ubuntu.yml\n  register: r',
      'site.yml:4:7 unknown-keyword: "register" is not a keyword of an include',
    ],
    [
      "- include_tasks: 'once-{{item}}.yml'\n  loop: [1, 2]",
      'once-1.yml:1:15 invalid-include: "run_once" cannot be used in an include with a loop (move it out of the included tasks, or include them without a loop)\nonce-1.yml:2:3 invalid-include: "end_play" cannot be used in an include with a loop (move it out of the included tasks, or include them without a loop)',
    ],
    ['- include_tasks: again.yml', 'again.yml:1:18 cyclic-import: "again.yml" includes itself'],
  ]
  const more = {
    '/p/once-1.yml': '- { debug: x, run_once: true }\n- meta: end_play\n',
    '/p/again.yml': '- include_tasks: again.yml\n',
  }
  for (const [tasks, message] of mistakes) {
    test(tasks.replaceAll('\n', ' '), () => {
      const { problems } = loadContents({ ...files, ...more, '/p/site.yml': site(tasks) })
      assert.equal(
        report(problems)
          .map((line) => line.replace(/ \((set it in the inventory|an include has).*\)$/, ''))
          .join('\n'),
        message,
      )
    })
  }

  test('a handler cannot include tasks', () => {
    const play =
      '- hosts: all\n  tasks: [{ debug: { msg: x } }]\n  handlers: [{ name: h, include_tasks: own.yml }]\n'
    assert.deepEqual(report(loadContents({ '/p/site.yml': play }).problems), [
      'site.yml:3:14 invalid-handler: a handler cannot include tasks (write a handler for each task; the same topic under "listen" notifies all of them)',
    ])
  })
})
