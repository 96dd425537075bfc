/** What is said of the arguments of the modules that there are. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { modules } from '../modules/catalogue.ts'
import { mistakesIn } from './testing/playbooks.ts'

const catalogue = new Map(modules.map((module) => [module.name, module]))

const cases: readonly (readonly [task: string, said: string])[] = [
  [
    'apt: { name: "Foo Bar" }',
    '20 invalid-argument: "name" must be a package name, not "Foo Bar" (Packages, `name` or `name=version`; one or a list)',
  ],
  [
    'apt: { name: [jq, "htop state=latest"] }',
    '20 invalid-argument: "name[1]" must be a package name, not "htop state=latest" (Packages, `name` or `name=version`; one or a list)',
  ],
  [
    'apt: name=htop state=present',
    '12 invalid-argument: "name=htop" would be part of the text: arguments cannot be written as name=value (write apt: { name: htop, state: present }; if "name=" belongs to the text, write apt: { name: ... })',
  ],
  [
    'apt_repository: { name: x }',
    '7 invalid-argument: "apt_repository" needs "uris" and "suites", or "state: absent"',
  ],
  [
    'template: { src: /p/site.yml, dest: /x, content: y }',
    '47 invalid-argument: "content" of "template" is the rendered text of "src" (remove it: the text comes from the template file)',
  ],
  [
    'file: { path: x }',
    '21 invalid-argument: "path" must be an absolute path, not "x" (Path of the file, directory or link)',
  ],
  [
    'shell: make creates=/x chdir=/y',
    '14 invalid-argument: "creates=/x" would be part of the text: arguments cannot be written as name=value (write shell: { cmd: make, creates: /x, chdir: /y }; if "creates=" belongs to the text, write shell: { cmd: ... })',
  ],
]

for (const [task, said] of cases) {
  test(`"${task}" is answered plainly`, () => {
    assert.deepEqual(mistakesIn(`- ${task}\n`, { modules: catalogue }), [`site.yml:3:${said}`])
  })
}

test('var of debug takes an expression, and so does a value in YAML', () => {
  const tasks =
    '- debug: { var: "inventory_hostname + 1" }\n- debug: { var: [1, "{{inventory_hostname}}"] }\n'
  assert.deepEqual(mistakesIn(tasks, { modules: catalogue }), [])
})
