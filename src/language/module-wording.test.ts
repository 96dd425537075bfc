/** Messages about the arguments of the included modules. */
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
    '7 invalid-argument: "apt_repository" needs "uris" and "suites", or "state: absent" (uris: URLs of the repository. suites: Suites, such as `bookworm`; for a flat repository, a path that ends in a slash. state: Whether the repository is configured)',
  ],
  [
    'copy: { dest: /x }',
    '7 invalid-argument: "copy" needs one of "src", "content" (src: File in the role\'s `files/` or next to the playbook, or an absolute path. content: Text to write, instead of `src`)',
  ],
  [
    'get_url: { url: "ftp://a/b", dest: /x }',
    '23 invalid-argument: "url" must be an http:// or https:// URL, not "ftp://a/b" (URL that the host downloads)',
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
  test(`"${task}" is refused with a clear message`, () => {
    assert.deepEqual(mistakesIn(`- ${task}\n`, { modules: catalogue }), [`site.yml:3:${said}`])
  })
}

test('var of debug accepts an expression or a YAML value', () => {
  const tasks =
    '- debug: { var: "inventory_hostname + 1" }\n- debug: { var: [1, "{{inventory_hostname}}"] }\n'
  assert.deepEqual(mistakesIn(tasks, { modules: catalogue }), [])
})
