import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FlowStep } from '../events/play-flow.ts'
import { playsOf } from '../language/testing/playbooks.ts'
import { flowOf } from './read-flow.ts'

/** Names by ID, nested as the steps are. */
function outline(steps: readonly FlowStep[]): readonly unknown[] {
  return steps.map((step) => {
    const name = `${step.id} ${step.name}`
    if (step.kind === 'task') return name
    if (step.kind === 'role') return { [name]: outline(step.steps) }
    const { steps: tasks, rescue, always } = step
    return { [name]: [outline(tasks), outline(rescue), outline(always)] }
  })
}

test('sections, roles and blocks keep their order, neighbours from one use of a role are together, and what runs once is there once', () => {
  const [play] = flowOf(
    playsOf({
      '/p/site.yml': `- name: Web
  hosts: all
  after: node
  serial: 1
  vars: { user_name: ann }
  pre_tasks: [{ name: Before, command: "true" }]
  roles: [web, web, { role: web, user_name: ben }]
  tasks:
    - name: Guarded
      block:
        - { name: Try, command: "true" }
        - import_role: { name: web }
      rescue: [{ name: Repair, command: "true" }]
      always: [{ name: Clean, command: "true" }]
  post_tasks: [{ name: After, command: "true" }]
`,
    }),
  )
  assert.ok(play)
  assert.deepEqual(
    [play.id, play.name, play.pattern, play.afterNode, play.inBatches],
    ['p1', 'Web', 'all', true, true],
  )
  assert.deepEqual(play.sections.map(outline), [
    ['t1 Before'],
    [
      { 'r1 web': ['t2 write the page', 't3 command'] },
      { 'r2 web': ['t4 write the page', 't5 command'] },
      {
        'b1 Guarded': [
          ['t6 Try', { 'r3 web': ['t7 write the page', 't8 command'] }],
          ['t9 Repair'],
          ['t10 Clean'],
        ],
      },
    ],
    ['t11 After'],
  ])
})

test('an include is followed by all that it can include', () => {
  const [play] = flowOf(
    playsOf({
      '/p/site.yml':
        "- hosts: all\n  tasks:\n    - include_tasks: 'os/{{facts.os.id}}.yml'\n    - { name: End, command: x }\n",
      '/p/os/a.yml': '- { name: A, command: x }\n',
      '/p/os/b.yml': '- { name: B, command: x }\n',
    }),
  )
  assert.deepEqual(play?.sections.map(outline), [['t1 include_tasks', 't2 A', 't3 B', 't4 End']])
})

test('a task has its conditions, its loop, and the handlers that it notifies by name or topic', () => {
  const [play] = flowOf(
    playsOf({
      '/p/site.yml': `- hosts: all
  tasks:
    - { name: Plain, command: "true" }
    - { name: Often, command: "true", when: 'inventory_hostname == "x"', loop: [1, 2], notify: [topic, First] }
  handlers:
    - { name: First, command: "true", listen: topic, notify: Second }
    - { name: Second, command: "true", listen: topic }
`,
    }),
  )
  assert.ok(play)
  const common = { kind: 'task', module: 'command' }
  assert.deepEqual(play.sections, [
    [
      { ...common, id: 't1', name: 'Plain', conditional: false, looped: false, notifies: [] },
      { ...common, id: 't2', name: 'Often', conditional: true, looped: true, notifies: ['h1', 'h2'] },
    ],
  ])
  assert.deepEqual(play.handlers, [
    { ...common, id: 'h1', name: 'First', conditional: false, looped: false, notifies: ['h2'] },
    { ...common, id: 'h2', name: 'Second', conditional: false, looped: false, notifies: [] },
  ])
})

test('IDs are unique among all plays', () => {
  const text = '- hosts: all\n  tasks: [{ name: A, command: "true" }]\n'
  const plays = flowOf(playsOf({ '/p/site.yml': text.repeat(2) }))
  assert.deepEqual(
    plays.map(({ id, sections }) => [id, sections.map(outline)]),
    [
      ['p1', [['t1 A']]],
      ['p2', [['t2 A']]],
    ],
  )
})

test('a block of a role stays in the box of its role', () => {
  const [play] = flowOf(
    playsOf({
      '/p/site.yml': '- hosts: all\n  roles: [db]\n',
      '/p/roles/db/tasks/main.yml': `- { name: Before, command: "true" }
- name: Guarded
  block: [{ name: Try, command: "true" }]
  rescue: [{ name: Repair, command: "true" }]
`,
    }),
  )
  assert.deepEqual(play?.sections.map(outline), [
    [{ 'r1 db': ['t1 Before', { 'b1 Guarded': [['t2 Try'], ['t3 Repair'], []] }] }],
  ])
})
