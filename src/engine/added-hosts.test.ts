/** `add_host`: hosts are added during a run. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, test } from 'node:test'
import { InputError } from '../base/errors.ts'
import { report } from '../language/testing/report.ts'
import { folderOfTests, lastEvent, type LocalRun } from './testing/local-run.ts'
import { endsOf, playsOf, problemsOf, warningsOf } from './testing/run-facts.ts'

describe('add_host', () => {
  const folder = folderOfTests()
  folder.write('hosts.yml', 'all: { vars: { connection: local }, hosts: { a: , b: } }\n')
  folder.write('group_vars/fresh.yml', 'shade: blue\n')
  folder.write('host_vars/n1.yml', 'own: mine\n')
  const inventories = [`${folder.path}/hosts.yml`]
  const run = (text: string, request = {}): Promise<LocalRun> => folder.run(text, { inventories, ...request })

  for (const check of [false, true]) {
    test(`later plays run on the host, once added for all${check ? ', in a dry run' : ''}`, async () => {
      const found = await run(
        `- name: Add
  hosts: all
  tasks:
    - { name: adds, add_host: { name: "n{{ item }}", groups: 'fresh,more', number: "{{ item }}" }, loop: [1, 2] }
    - { name: same, add_host: { name: n1, groups: [fresh], number: 1 } }
- name: New
  hosts: fresh
  tasks:
    - { name: say, debug: { msg: "{{ inventory_hostname }} {{ shade }} {{default own 'none'}} {{ number }} {{ join groups.more '+' }}" } }
    - { name: delegated, debug: { msg: "on {{ inventory_hostname }}" }, delegate_to: n2, run_once: true }
- { name: All, hosts: all, tasks: [{ name: everywhere, debug: { msg: "{{ hostvars.n1.own }}" } }] }
`,
        { check },
      )
      assert.deepEqual(playsOf(found), ['Add: a b', 'New: n1 n2', 'All: a b n1 n2'])
      assert.deepEqual(found.messages.slice(0, 2).sort(), ['n1 blue mine 1 n1+n2', 'n2 blue none 2 n1+n2'])
      assert.deepEqual(endsOf(found).slice(0, 4).sort(), [
        'a adds changed',
        'a same ok',
        'b adds skipped',
        'b same skipped',
      ])
      assert.deepEqual(
        found.events.flatMap((event) => (event.type === 'hosts.joined' ? [event.hosts] : [])),
        [['n1', 'n2']],
      )
      assert.deepEqual(Object.keys(lastEvent(found).hosts), ['a', 'b', 'n1', 'n2'])
      assert.deepEqual(warningsOf(found), [])
    })
  }

  test('mistakes that the files show are reported before any connection', async () => {
    await assert.rejects(
      run(`- hosts: a
  tasks:
    - { add_host: { name: n1, groups: [ok, 1st], port: 99999, node: "{{ inventory_hostname }}", ctid: 7 } }
    - { add_host: { name: "n 2", ansible_port: many, ansible_become: yes, port: any } }
    - { group_by: { key: "os_{{ inventory_hostname }}", parents: all/of } }
`),
      (error) => {
        assert.ok(error instanceof InputError)
        assert.deepEqual(report(error.problems), [
          'site.yml:3:44 invalid-name: "1st" is not a valid group name (use letters, digits and underscores)',
          'site.yml:3:56 invalid-variable: "port" must be at most 65535, not 99999 (a port is a number from 1 to 65535)',
          'site.yml:3:103 invalid-variable: "ctid" must be at least 100, not 7 (a container id is a number, 100 or higher)',
          'site.yml:4:27 invalid-name: "n 2" is not a valid host name (use letters, digits, dots and dashes)',
          'site.yml:4:48 invalid-variable: "ansible_port" is "many", which is not valid (a port is a number from 1 to 65535)',
          'site.yml:5:66 invalid-name: "all/of" is not a valid group name (use letters, digits and underscores)',
        ])
        return true
      },
    )
  })

  test('connection variables are checked when the host is added', async () => {
    const found = await run(`- hosts: a
  ignore_errors: true
  tasks:
    - { add_host: { name: n1, port: "{{ inventory_hostname }}" } }
    - { add_host: { name: n2, ctid: 101 } }
    - { add_host: { name: n3, ctid: 101, node: nobody } }
    - { add_host: { name: "n[1:{{ item }}]" }, loop: [3] }
    - { add_host: { name: n4, address: "{{ a_password }}" }, vars: { a_password: swordfish } }
    - { add_host: { name: b, address: 192.0.2.1 } }
    - { add_host: { name: localhost } }
`)
    assert.deepEqual(problemsOf(found), [
      'invalid-variable: "port" is "a", which is not valid (a port is a number from 1 to 65535)',
      'missing-node: the container "n2" has no "node" (add "node: NAME", where NAME is a host of this inventory)',
      'unknown-node: "nobody", the node of "n3", is not a host of the inventory (the hosts are a, b)',
      'invalid-name: "n[1:3]" is not a valid host name (use letters, digits, dots and dashes)',
      'secret-in-connection: "address" contains a secret, but its value appears in messages and on command lines (only passwords and passphrases may be secret; take this value from a variable that is not)',
      'connection-changed: this would change how the run reaches "b": "address" (set connection variables in the inventory; they cannot change during a run)',
      'invalid-group: "localhost" is not in the inventory, so it cannot be in a group (write it into the inventory: localhost connection=local)',
    ])
  })

  test('a port may follow the name, and a secret stays one', async () => {
    const found = await run(`- hosts: a
  tasks:
    - { add_host: { name: "n1:2222", groups: fresh, token: "{{ a_token }}" }, vars: { a_token: swordfish } }
- { name: New, hosts: fresh, tasks: [{ debug: { msg: "{{ hostvars.n1.ansible_port }}" } }, { debug: { msg: "{{ token }}" } }] }
`)
    assert.deepEqual(found.messages, ['2222'])
    assert.deepEqual(problemsOf(found), [])
    assert.ok(!JSON.stringify(found.events).includes('swordfish'))
  })

  test('a dry run says that a play may have more hosts', async () => {
    const found = await run(
      `- hosts: a
  tasks:
    - { command: echo n1, register: asked }
    - { name: adds, add_host: { name: "n{{ asked.stdout }}", groups: fresh } }
- { name: New, hosts: fresh, tasks: [{ debug: { msg: x } }] }
- { name: All, hosts: all, tasks: [{ debug: { msg: x } }] }
- { name: Old, hosts: b, tasks: [{ debug: { msg: x } }] }
`,
      { check: true },
    )
    assert.deepEqual(warningsOf(found), [
      'the play "New" may have more hosts: a dry run cannot know what "adds" changes',
      'the play "All" may have more hosts: a dry run cannot know what "adds" changes',
    ])
  })

  test('--limit applies to added hosts', async () => {
    const found = await run(
      `- hosts: a
  tasks: [{ add_host: { name: "{{ item }}", groups: fresh }, loop: [n1, n2] }]
- { name: New, hosts: fresh, tasks: [{ debug: { msg: x } }] }
`,
      { limit: 'a,n2' },
    )
    assert.deepEqual(playsOf(found).slice(1), ['New: n2'])
  })

  test('a host that the same play adds is no host of delegate_to', async () => {
    await assert.rejects(
      run(`- hosts: a
  tasks:
    - { add_host: { name: n1 } }
    - { debug: { msg: x }, delegate_to: n1 }
`),
      (error) => {
        assert.ok(error instanceof InputError)
        assert.deepEqual(report(error.problems), [
          'site.yml:4:41 unknown-host: "delegate_to" names "n1", which is not a host of the inventory (a host that add_host adds is there from the next play on: move the task there)',
        ])
        return true
      },
    )
  })

  describe('in a plan', () => {
    const written = (names: string) => ({ inventories, extraVars: [`{"names": ${names}}`] })
    const text = `- hosts: a
  tasks: [{ add_host: { name: "{{ item }}", groups: fresh }, loop: "{{ names }}" }]
- name: New
  hosts: fresh
  tasks: [{ name: Write, copy: { content: x, dest: "${folder.path}/of-{{ inventory_hostname }}" } }]
`

    test('the added hosts are as in a run', async () => {
      const request = written('["n1", "n2"]')
      const { plan, ...planned } = await folder.plan(text, request)
      const applied = await folder.apply(plan, request)
      assert.equal(applied.exitCode, 0)
      assert.deepEqual(playsOf(applied), ['a: a', 'New: n1 n2'])
      assert.deepEqual(endsOf(applied).toSorted(), endsOf(planned).toSorted())
      assert.ok(['n1', 'n2'].every((name) => existsSync(`${folder.path}/of-${name}`)))
    })

    test('other hosts than planned are refused before anything runs', async () => {
      const { plan } = await folder.plan(text, written('["n1"]'))
      await assert.rejects(folder.apply(plan, written('["n3"]')), {
        message:
          'the inventory has changed since the plan was made: n1; the inventory has changed since the plan was made: n3',
      })
      assert.ok(!existsSync(`${folder.path}/of-n3`))
    })
  })
})
