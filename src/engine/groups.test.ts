/** `group_by`: hosts join groups during a run. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { InputError } from '../base/errors.ts'
import { report } from '../language/testing/report.ts'
import { folderOfTests, lastEvent, type LocalRun } from './testing/local-run.ts'
import { endsOf, playsOf, problemsOf, warningsOf } from './testing/run-facts.ts'

describe('group_by', () => {
  const folder = folderOfTests()
  folder.write(
    'hosts.yml',
    `all:
  vars: { connection: local }
  children:
    web: { hosts: { a: { kind: one }, b: { kind: two }, c: { kind: one } } }
    kind_two: { vars: { shade: red } }
    tied: { vars: { become_user: ann } }
    parent: {}
`,
  )
  folder.write('group_vars/kind_one.yml', 'shade: blue\nonly: here\n')
  folder.write('group_vars/parent.yml', 'above: yes it is\n')
  const inventories = [`${folder.path}/hosts.yml`]
  const run = (text: string, request = {}): Promise<LocalRun> => folder.run(text, { inventories, ...request })

  const grouping = `
- name: Group
  hosts: web
  tasks:
    - { name: by kind, group_by: { key: "kind_{{ kind }}" } }
`

  for (const check of [false, true]) {
    test(`later plays see the groups and their variables${check ? ' in a dry run' : ''}`, async () => {
      const found = await run(
        `${grouping}
- name: One
  hosts: kind_one
  tasks:
    - { name: say, debug: { msg: "{{ inventory_hostname }} {{ shade }} {{ only }} {{ join groups.kind_one '+' }} {{ join group_names '+' }}" } }
- name: Two
  hosts: kind_two
  tasks:
    - { name: tell, debug: { msg: "{{ inventory_hostname }} {{ shade }} {{ hostvars.a.shade }}" } }
- { name: Glob, hosts: 'kind_*:!kind_two', tasks: [{ name: globbed, debug: { msg: x } }] }
`,
        { check },
      )
      assert.deepEqual(playsOf(found), ['Group: a b c', 'One: a c', 'Two: b', 'Glob: a c'])
      assert.deepEqual(found.messages.filter((text) => text !== 'x').sort(), [
        'a blue here a+c kind_one+web',
        'b red blue',
        'c blue here a+c kind_one+web',
      ])
      assert.deepEqual(warningsOf(found), [])
      assert.equal(found.exitCode, 0)
    })
  }

  test('it changes once, and only what is new', async () => {
    const found = await run(
      `${grouping}    - { name: again, group_by: { key: "kind_{{ kind }}" } }
    - { name: already, group_by: { key: web } }
    - { name: below, group_by: { key: "kind_{{ kind }}", parents: [parent, all] } }
    - { name: below again, group_by: { key: "kind_{{ kind }}", parents: parent }, register: it }
    - { name: quiet, group_by: { key: other }, changed_when: false }
    - { name: result, debug: { msg: "{{ it.changed }}" } }
- { name: Later, hosts: web, tasks: [{ name: still, group_by: 'kind_{{ kind }}' }, { name: say, debug: { msg: '{{ above }}' } }] }
`,
    )
    const of = (host: string) => endsOf(found).filter((end) => end.startsWith(`${host} `))
    assert.deepEqual(of('a'), [
      'a by kind changed',
      'a again ok',
      'a already ok',
      'a below changed',
      'a below again ok',
      'a quiet ok',
      'a result ok',
      'a still ok',
      'a say ok',
    ])
    assert.deepEqual([...new Set(found.messages)], ['false', 'yes it is'])
    const [first] = found.events.flatMap((event) =>
      event.type === 'task.finished' && event.task.name === 'by kind' ? [event.detail.actions] : [],
    )
    assert.deepEqual(first, ['join the group kind_one'])
  })

  test('the play itself still has the inventory with which it started', async () => {
    const found = await run(
      `${grouping}    - { name: say, debug: { msg: "{{ join group_names '+' }} {{ join groups.kind_two '+' }}" } }
`,
    )
    assert.deepEqual([...new Set(found.messages)], ['web '])
  })

  test('a play waits for the end of one that groups, also with "after: node"', async () => {
    const found =
      await run(`${grouping}    - { name: last, command: { cmd: sleep 0.2, reads: true }, when: kind == "two" }
- { name: Next, hosts: kind_one, after: node, tasks: [{ name: next, debug: { msg: x } }] }
`)
    const order = endsOf(found)
    assert.ok(order.indexOf('b last ok') < order.indexOf('a next ok'), order.join('\n'))
  })

  test('skipped and failed hosts join nothing', async () => {
    const found = await run(
      `- hosts: web
  tasks:
    - { name: grouped, group_by: { key: chosen }, when: kind == "one" }
    - { name: judged, group_by: { key: judged }, failed_when: kind == "one", ignore_errors: true }
- { name: Chosen, hosts: chosen, tasks: [{ debug: { msg: x } }] }
- { name: Judged, hosts: judged, tasks: [{ debug: { msg: x } }] }
- { name: Nobody, hosts: 'chosen:&judged', tasks: [{ debug: { msg: x } }] }
`,
    )
    assert.deepEqual(playsOf(found).slice(1), ['Chosen: a c', 'Judged: b'])
  })

  test('a dry run says which hosts may belong to a play', async () => {
    const found = await run(
      `- hosts: web
  tasks:
    - { name: ask, command: echo one, register: asked }
    - { name: by answer, group_by: { key: "kind_{{ asked.stdout }}" } }
    - { name: maybe, group_by: { key: extra }, when: asked.rc == 0 && kind == "one" }
- { name: One, hosts: kind_one, tasks: [{ name: say, debug: { msg: "{{ shade }}" } }, { name: names, debug: { msg: "{{ join group_names }}" } }] }
- { name: Rest, hosts: 'web:!extra', tasks: [{ name: rest, debug: { msg: "{{ join groups.web }}" } }] }
- { name: Web, hosts: web, tasks: [{ name: certain, debug: { msg: "{{ kind }}" } }, { name: shady, debug: { msg: "{{default shade 'none'}}" } }] }
`,
      { check: true },
    )
    assert.deepEqual(playsOf(found).slice(1), ['One: a b c', 'Rest: a b c', 'Web: a b c'])
    const last = endsOf(found).filter((end) => /^[ab] (say|names|rest|certain|shady)/.test(end))
    assert.deepEqual(last.sort(), [
      'a certain ok',
      'a names unknown',
      'a rest unknown',
      'a say unknown',
      'a shady unknown',
      'b certain ok',
      'b names unknown',
      'b rest unknown',
      'b say unknown',
      'b shady unknown',
    ])
    const real = await run(
      `- hosts: web
  tasks:
    - { name: ask, command: echo one, register: asked }
    - { name: by answer, group_by: { key: "kind_{{ asked.stdout }}" } }
- { name: One, hosts: kind_one, tasks: [{ name: say, debug: { msg: "{{ shade }}" } }] }
`,
    )
    assert.deepEqual(playsOf(real).slice(1), ['One: a b c'])
  })

  const refused: readonly (readonly [key: string, problem: string])[] = [
    ['"1{{ kind }}"', 'invalid-name: "1one" is not a valid group name (use letters, digits and underscores)'],
    [
      'a',
      'same-name: "a" would be both a host and a group, and a pattern selects both (choose another name)',
    ],
    [
      'ungrouped',
      'invalid-group: "ungrouped" has the hosts that are in no other group (choose another name)',
    ],
  ]
  for (const [key, problem] of refused) {
    test(`group_by refuses ${key}`, async () => {
      const found = await run(`- hosts: a\n  tasks: [{ group_by: { key: ${key} } }]\n`)
      assert.deepEqual(problemsOf(found), [problem])
    })
  }

  test('groups that contain each other, and other ways to reach a host, are refused', async () => {
    const found = await run(`- hosts: a
  tasks:
    - { group_by: { key: inner, parents: outer } }
    - { name: circle, group_by: { key: outer, parents: inner }, ignore_errors: true }
    - { name: tied, group_by: { key: tied } }
`)
    assert.deepEqual(problemsOf(found), [
      'cyclic-groups: these groups contain each other: inner -> outer -> inner (remove one of them from the children of another)',
      'connection-changed: this would change how the run reaches "a": "become_user" (set connection variables in the inventory; they cannot change during a run)',
    ])
    assert.equal(lastEvent(found).exitCode, 7)
  })

  test('localhost outside the inventory is in no group', async () => {
    const found = await run(`- hosts: localhost\n  tasks: [{ group_by: { key: x } }]\n`)
    assert.deepEqual(problemsOf(found), [
      'invalid-group: "localhost" is not in the inventory, so it cannot be in a group (write it into the inventory: localhost connection=local)',
    ])
  })

  test('a group that no task can make is still reported, and so is a file of its variables', async () => {
    folder.write('group_vars/kind_thre.yml', 'x: y\n')
    folder.write('group_vars/knd_one.yml', 'x: y\n')
    const found = await run(`${grouping}- { hosts: 'kind_four:knd_one', tasks: [{ debug: { msg: x } }] }\n`)
    assert.deepEqual(
      warningsOf(found).map((text) => text.replaceAll(folder.path, '')),
      [
        '/group_vars/knd_one.yml:1:1: there is no group "knd_one", so "/group_vars/knd_one.yml" is not used',
        `/site.yml:6:12: there is no host or group "knd_one"`,
      ],
    )
    const early = await run(`- { hosts: kind_one, tasks: [{ debug: { msg: x } }] }\n${grouping.trim()}\n`)
    assert.ok(warningsOf(early).some((text) => text.endsWith('there is no host or group "kind_one"')))
  })

  test('the variables of a role are checked before the play starts on a host that has joined a group', async () => {
    folder.write(
      'roles/shaded/meta/arguments.yml',
      'type: object\nproperties: { shade: { enum: [blue] } }\nrequired: [shade]\n',
    )
    folder.write('roles/shaded/tasks/main.yml', '- { name: shades, debug: { msg: "{{ shade }}" } }\n')
    const found = await run(`${grouping}- { name: Shades, hosts: 'kind_one:kind_two', roles: [shaded] }\n`)
    assert.deepEqual(found.messages, ['blue', 'blue'])
    assert.equal(problemsOf(found).length, 1)
    assert.match(problemsOf(found)[0] ?? '', /^invalid-role-argument: .*shade/)
  })

  test('--limit applies to groups that tasks make', async () => {
    const found = await run(`${grouping}- { name: One, hosts: kind_one, tasks: [{ debug: { msg: x } }] }\n`, {
      limit: 'a,kind_two',
    })
    assert.deepEqual(playsOf(found), ['Group: a', 'One: a'])
    await assert.rejects(run(grouping, { limit: 'kind_one' }), (error) => {
      assert.ok(error instanceof InputError)
      assert.match(report(error.problems)[0] ?? '', /there is no host or group "kind_one"/)
      return true
    })
  })

  test('a plan is refused on a host that would join another group now', async () => {
    const answer = folder.write('answer', 'one')
    const text = `- hosts: a
  tasks:
    - { command: { cmd: cat ${answer}, reads: true }, register: asked }
    - { name: by answer, group_by: { key: "kind_{{ asked.stdout }}" } }
- { name: One, hosts: kind_one, tasks: [{ name: Write, copy: { content: x, dest: "${folder.path}/one" } }] }
- { name: Two, hosts: kind_two, tasks: [{ name: Write too, copy: { content: x, dest: "${folder.path}/two" } }] }
`
    const { plan } = await folder.plan(text, { inventories })
    folder.write('answer', 'two')
    const refused = await folder.apply(plan, { inventories })
    assert.equal(refused.exitCode, 9)
    assert.match(problemsOf(refused)[0] ?? '', /^drifted: .*"by answer" has other arguments/)
    folder.write('answer', 'one')
    const applied = await folder.apply(plan, { inventories })
    assert.equal(applied.exitCode, 0)
    assert.deepEqual([existsSync(`${folder.path}/one`), existsSync(`${folder.path}/two`)], [true, false])
  })
})
