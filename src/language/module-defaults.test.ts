/** `module_defaults` of plays, roles, blocks, imports and tasks. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Task } from './model.ts'
import { loadContents, playsOf } from './testing/playbooks.ts'
import { report } from './testing/report.ts'

const written = ({ args }: Task) =>
  Object.fromEntries(
    [...args.entries].map(([name, { value }]) => [name, value.kind === 'literal' ? value.value : value.kind]),
  )

test('a task gets the arguments that it does not set; the innermost entry of a module replaces the outer one', () => {
  const [play] = playsOf({
    '/p/site.yml': `- hosts: all
  module_defaults:
    ansible.builtin.copy: { mode: '0600', backup: true }
    service: { state: started }
  tasks:
    - copy: { dest: /a, content: a }
    - copy: { dest: /b, content: b, mode: '0644' }
    - copy: { dest: /c, content: c }
      module_defaults: { copy: { backup: false } }
    - copy: { dest: /d, content: d }
      module_defaults: { copy: }
    - block:
        - import_tasks: more.yml
      module_defaults: { command: { chdir: '{{ place }}' } }
      vars: { place: /srv }
  handlers:
    - { name: h, service: { name: x } }
`,
    '/p/more.yml': '- command: x\n- command: { cmd: x }\n  args: { chdir: /tmp }\n',
  })
  assert.deepEqual(play?.sections[0]?.tasks.map(written), [
    { dest: '/a', content: 'a', mode: '0600', backup: true },
    { dest: '/b', content: 'b', mode: '0644', backup: true },
    { dest: '/c', content: 'c', backup: false },
    { dest: '/d', content: 'd' },
    { cmd: 'x', chdir: 'template' },
    { cmd: 'x', chdir: '/tmp' },
  ])
  assert.deepEqual(play.handlers.map(written), [{ name: 'x', state: 'started' }])
})

test('a role has the defaults of its use', () => {
  const [play] = playsOf({
    '/p/site.yml':
      "- hosts: all\n  roles: [{ role: web, user_name: x, module_defaults: { template: { mode: '0640' } } }]\n",
  })
  assert.equal(play?.sections[0]?.tasks[0]?.args.entries.has('mode'), true)
})

const mistakes: readonly (readonly [defaults: string, ...messages: string[]])[] = [
  ['{ cpy: {} }', '2:22 unknown-module: there is no module "cpy" (did you mean "copy"?)'],
  [
    '{ dnf: {} }',
    '2:22 unknown-module: there is no module "dnf" (use apt; only Debian and its derivatives are supported)',
  ],
  [
    '{ group/aws: {} }',
    '2:22 unknown-module: "module_defaults" takes modules, not groups of modules (write an entry for each module)',
  ],
  [
    '{ copy: x }',
    '2:28 invalid-keyword: the defaults of "copy" must be a map of arguments (write copy: {ARGUMENT: VALUE})',
  ],
  ['{ copy: { mdoe: x } }', '2:30 invalid-argument: "copy" has no "mdoe" (did you mean "mode"?)'],
]

for (const [defaults, ...messages] of mistakes) {
  test(`module_defaults "${defaults}" is a mistake, also if no task calls the module`, () => {
    const { problems } = loadContents({
      '/p/site.yml': `- hosts: all\n  module_defaults: ${defaults}\n  tasks: [{ debug: { msg: x } }]\n`,
    })
    assert.deepEqual(
      report(problems),
      messages.map((message) => `site.yml:${message}`),
    )
  })
}

test('a wrong default is reported once, at its place', () => {
  const { problems } = loadContents({
    '/p/site.yml': `- hosts: all
  module_defaults: { copy: { backup: 3 } }
  tasks:
    - copy: { dest: /a, content: a }
    - copy: { dest: /b, content: b }
`,
  })
  assert.deepEqual(
    problems.map(({ code, where }) => [code, where?.line, where?.column]),
    [['invalid-argument', 2, 38]],
  )
})
