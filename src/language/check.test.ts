import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadContents, mistakesIn, playsOf } from './testing/playbooks.ts'
import { report } from './testing/report.ts'
import { renderValue } from './render.ts'
import { mistake, dataScope } from './testing/scopes.ts'

test('if two modules may have registered a result, only its name is checked', () => {
  const found = mistakesIn(
    '- command: x\n  register: out\n- copy: {dest: /x, content: x}\n  register: out\n- debug: {msg: "{{out.anything}}"}\n',
  )
  assert.deepEqual(found, [])
})

test('arguments with templates are not checked before they are rendered', () => {
  const found = mistakesIn('- service: {name: "{{x}}", state: "{{x}}", enabled: "{{x}}"}\n', {
    variables: ['x'],
  })
  assert.deepEqual(found, [])
})

test('a comparison that is never true on any host is a mistake', () => {
  const facts = {
    type: 'object',
    properties: {
      os_family: { type: 'string', pattern: '[A-Z]', examples: ['Debian', 'RedHat'] },
      os: { type: 'object', properties: { id: { type: 'string', pattern: '^[^A-Z]*$' } } },
      kind: { enum: ['auto', 'never'] },
    },
  }
  const tasks = `- debug: { msg: x }
  when: facts.os_family == "Debian" && facts.os.id == "debian" && facts.kind != "auto"
- debug: { msg: x }
  when: facts.os_family == "debian"
- debug: { msg: x }
  when: facts.os_family in ["RedHat", "suse"]
- debug: { msg: x }
  when: '"Debian" != facts.os.id'
- debug: { msg: x }
  when: facts.kind == "always"
- debug: { msg: '{{#if (eq facts.os_family "redhat")}}x{{/if}}' }
`
  assert.deepEqual(mistakesIn(tasks, { facts }), [
    'site.yml:6:32 never-equal: "facts.os_family" is never "debian" (write "Debian")',
    'site.yml:8:43 never-equal: "facts.os_family" is never "suse" (it contains capital letters, such as "Debian")',
    'site.yml:10:14 never-equal: "facts.os.id" is never "Debian" (write "debian")',
    'site.yml:12:27 never-equal: "facts.kind" is never "always" (it is one of auto, never)',
    'site.yml:13:48 never-equal: "facts.os_family" is never "redhat" (write "RedHat")',
  ])
})

test('a variable that defined() or default() tests need not be declared; a task can read it if its condition tests it', () => {
  const tasks = `- debug: { msg: '{{#if (defined maybe)}}{{maybe}}{{else}}{{default other "x"}}{{/if}}' }
- debug: { msg: '{{perhaps}}' }
  when: defined(perhaps) && perhaps == 1
- debug: { msg: !cel 'default(here.there, 1)', }
- copy: { dest: /x, content: x, mode: !cel 'default(mode, omit)' }
- debug: { msg: '{{perhaps}}' }
`
  assert.deepEqual(mistakesIn(tasks), [
    'site.yml:8:24 undefined-variable: "perhaps" is not defined (set it in the inventory or under "vars", or register it in an earlier task)',
  ])
})

test('an omitted argument, list entry or map entry is removed', () => {
  const text = `- hosts: all
  tasks:
    - copy:
        dest: /x
        content: x
        mode: !cel default(mode, omit)
        backup: '{{default keep omit}}'
        remote_src: '{{omit}}'
    - debug: { msg: [a, '{{default b omit}}', { c: !cel 'default(d, omit)' }] }
`
  const rendered = (variables: Readonly<Record<string, unknown>>) => {
    const [play] = playsOf({ '/p/site.yml': text })
    return play?.sections[0]?.tasks.map((task) => renderValue(task.args, dataScope(variables)))
  }
  assert.deepEqual(rendered({}), [{ dest: '/x', content: 'x' }, { msg: ['a', {}] }])
  assert.deepEqual(rendered({ mode: '0600', keep: true, b: ['b'], d: 1 }), [
    { dest: '/x', content: 'x', mode: '0600', backup: true },
    { msg: ['a', ['b'], { c: 1 }] },
  ])
})

test('omit cannot be part of a text', () => {
  const [play] = playsOf({
    '/p/site.yml': '- hosts: all\n  tasks:\n    - debug: { msg: "a {{default b omit}}" }\n',
  })
  const args = play?.sections[0]?.tasks[0]?.args
  assert.ok(args)
  assert.equal(
    mistake(() => renderValue(args, dataScope({}))),
    '26 "default" is omit, which removes a whole argument and is not text',
  )
})

test('facts are checked against their schema', () => {
  const facts = { type: 'object', properties: { kernel: { type: 'string' } } }
  assert.deepEqual(mistakesIn('- debug: {msg: "{{facts.kernle}}"}\n', { facts }), [
    'site.yml:3:29 no-such-key: "facts" has no "kernle" (did you mean "kernel"?)',
  ])
})

test('conditions in arguments are expressions: their names are checked, and they are rendered to booleans', () => {
  assert.deepEqual(
    mistakesIn('- assert: {that: prot == 1}\n- assert: {that: [true, "{{x}}"]}\n', { variables: ['port'] }),
    [
      'site.yml:3:22 undefined-variable: "prot" is not defined (did you mean "port"?)',
      'site.yml:4:30 invalid-expression: expressions cannot contain templates (remove the braces)',
    ],
  )
  const [play] = playsOf(
    { '/p/site.yml': '- hosts: all\n  tasks:\n    - assert: {that: [port == 1, port > 1]}\n' },
    { variables: ['port'] },
  )
  const task = play?.sections[0]?.tasks[0]
  assert.ok(task)
  assert.deepEqual(renderValue(task.args, dataScope({ port: 1 })), { that: [true, false] })
})

test('a result of another host can be read only in a later play', () => {
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
  const { problems } = loadContents({ '/p/site.yml': plays }, { variables: ['node'] })
  const text =
    'unsettled-result: "out" is registered in this play or in one that may run at the same time, so another host may not have it yet'
  assert.deepEqual(report(problems), [
    `site.yml:5:54 ${text} (read it in a later play, or write out alone for the host's own)`,
    `site.yml:6:38 ${text} (read it in a later play)`,
    `site.yml:12:41 ${text} (read it in a later play)`,
  ])
})
