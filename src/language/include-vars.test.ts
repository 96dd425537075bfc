/** What `include_vars` can read, as far as it is known when the playbook loads. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadContents, playsOf } from './testing/playbooks.ts'
import { report } from './testing/report.ts'

const files = {
  '/p/vars/debian.yml': 'packages: nginx\nshared: 1\n',
  '/p/vars/ubuntu.yml': 'packages: nginx-light\nonly_ubuntu: true\n',
  '/p/other.json': '{ "other": 1 }\n',
  '/p/vars/many/b.yml': 'b: 1\n',
  '/p/vars/many/a.yaml': 'a: 1\n',
  '/p/vars/many/deep/c.json': '{ "c": "{{ b }}" }\n',
  '/p/vars/many/notes.txt': 'not: read\n',
  '/p/hosts.yml': 'web-servers: { hosts: {} }\n',
}

const site = (task: string, then = 'x') =>
  `- hosts: all\n  tasks:\n    - ${task}\n    - debug: { msg: "${then}" }\n`

const known: readonly (readonly [task: string, names: string])[] = [
  ['include_vars: other.json', 'other'],
  ['include_vars: { file: other.json, name: all_of_it }', 'all_of_it'],
  ['include_vars: { file: [none.yml, debian.yml, other.json] }', 'other packages shared'],
  ['include_vars: "{{ kind }}.yml"', 'only_ubuntu packages shared'],
  ['include_vars: "{{ playbook_dir }}/vars/{{ kind }}n.yml"', 'packages shared'],
  ['{ include_vars: "{{ item }}", loop: [other.json, debian.yml] }', 'other packages shared'],
  ['include_vars: { dir: many }', 'a b c'],
  ['include_vars: { dir: many, ignore_files: ["a.*"] }', 'b c'],
]

for (const [task, names] of known) {
  test(`the variables of "${task}"`, () => {
    const [play] = playsOf({ ...files, '/p/site.yml': site(task) }, { variables: ['kind'] })
    const [first] = play?.sections[0]?.tasks ?? []
    assert.equal([...(first?.includes.keys() ?? [])].sort().join(' '), names)
  })
}

const mistakes: readonly (readonly [task: string, then: string, message: string])[] = [
  [
    'include_vars: debain.yml',
    'x',
    'site.yml:3:21 missing-file: there is no file "debain.yml" (did you mean "debian.yml"?)',
  ],
  [
    'include_vars: "none-{{ kind }}.yml"',
    'x',
    'site.yml:3:21 missing-file: no file matches "none-*.yml" (looked for /p/vars/none-*.yml, /p/none-*.yml)',
  ],
  [
    'include_vars: "{{ kind }}"',
    'x',
    'site.yml:3:21 unclear-file: "include_vars" does not show which files it can read (write the folder and the ending as text: "drivers/{{facts.os.id}}.yml"; gpuplay reads all such files first)',
  ],
  [
    'include_vars: { file: other.json, name: "{{ kind }}" }',
    'x',
    'site.yml:3:41 not-templated: "name" of "include_vars" cannot be a template (write the name itself: it must be known when the playbook loads)',
  ],
  [
    'include_vars: "{{ kind }}.yml"',
    '{{ pakcages }}',
    'site.yml:4:25 undefined-variable: "pakcages" is not defined (did you mean "packages"?)',
  ],
  [
    'include_vars: bad.yml',
    'x',
    'bad.yml:1:8 undefined-variable: "prot" is not defined (did you mean "port"?)',
  ],
]

for (const [task, then, message] of mistakes) {
  test(`"${task}" before "${then}" is a mistake with a place and a cure`, () => {
    const contents = {
      ...files,
      '/p/bad.yml': 'x: "{{ prot }}"\nport: 1\n',
      '/p/site.yml': site(task, then),
    }
    assert.deepEqual(report(loadContents(contents, { variables: ['kind'] }).problems), [message])
  })
}

test('a file of the role comes before one of the playbook', () => {
  const [play] = playsOf({
    '/p/site.yml': '- hosts: all\n  roles: [r]\n',
    '/p/roles/r/tasks/main.yml': '- include_vars: x.yml\n',
    '/p/roles/r/vars/x.yml': 'of_role: 1\n',
    '/p/vars/x.yml': 'of_playbook: 1\n',
  })
  assert.deepEqual([...(play?.sections[0]?.tasks[0]?.includes.keys() ?? [])], ['of_role'])
})
