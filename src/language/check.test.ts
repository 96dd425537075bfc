import assert from 'node:assert/strict'
import { test } from 'node:test'
import { load, mistakesIn, playsOf } from './testing/playbooks.ts'
import { report } from './testing/report.ts'
import { renderValue } from './render.ts'
import { scopeOf } from './testing/scopes.ts'

test('a result that two modules may give is checked by name alone', () => {
  const found = mistakesIn(
    '- command: x\n  register: out\n- copy: {dest: /x, content: x}\n  register: out\n- debug: {msg: "{{out.anything}}"}\n',
  )
  assert.deepEqual(found, [])
})

test('arguments that are templates are not checked before they are rendered', () => {
  const found = mistakesIn('- service: {name: "{{x}}", state: "{{x}}", enabled: "{{x}}"}\n', {
    variables: ['x'],
  })
  assert.deepEqual(found, [])
})

test('facts are checked by their schema where there is one', () => {
  const facts = { type: 'object', properties: { kernel: { type: 'string' } } }
  assert.deepEqual(mistakesIn('- debug: {msg: "{{facts.kernle}}"}\n', { facts }), [
    'site.yml:3:29 no-such-key: "facts" has no "kernle" (did you mean "kernel"?)',
  ])
})

test('conditions among the arguments of a module are expressions, checked by name and rendered to booleans', () => {
  assert.deepEqual(
    mistakesIn('- assert: {that: prot == 1}\n- assert: {that: [true, "{{x}}"]}\n', { variables: ['port'] }),
    [
      'site.yml:3:22 undefined-variable: nothing is called "prot" here (did you mean "port"?)',
      'site.yml:4:30 invalid-expression: an expression is never templated (leave the braces out)',
    ],
  )
  const [play] = playsOf(
    { '/p/site.yml': '- hosts: all\n  tasks:\n    - assert: {that: [port == 1, port > 1]}\n' },
    { variables: ['port'] },
  )
  const task = play?.sections[0]?.tasks[0]
  assert.ok(task)
  assert.deepEqual(renderValue(task.args, scopeOf({ port: 1 })), { that: [true, false] })
})

test("another host's result is read in a later play only", () => {
  const plays = `- hosts: all
  tasks:
    - command: date
      register: out
    - assert: { that: 'groups.all.all(h, hostvars[h].out.changed)' }
    - debug: { msg: '{{hostvars.web1.out.stdout}}' }
    - assert: { that: '!hostvars[node].out.failed' }
    - assert: { that: '!hostvars[groups.all[0]].other.failed' }
- hosts: all
  after: node
  tasks:
    - assert: { that: 'hostvars["web1"].out.changed' }
- hosts: all
  tasks:
    - assert: { that: 'groups.all.all(h, hostvars[h].out.changed)' }
`
  const { problems } = load({ '/p/site.yml': plays }, { variables: ['node'] })
  const text =
    'unsettled-result: "out" is registered in this play or beside it, and another host may not have come that far'
  assert.deepEqual(report(problems), [
    `site.yml:5:54 ${text} (read it in a later play, or write out alone for the host's own)`,
    `site.yml:6:38 ${text} (read it in a later play)`,
    `site.yml:12:41 ${text} (read it in a later play)`,
  ])
})
