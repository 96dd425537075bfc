/** `vars_files` of a play. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadContents, playsOf } from './testing/playbooks.ts'
import { report } from './testing/report.ts'

const site = (lines: string) => `- hosts: all\n  ${lines}\n  tasks: [{ debug: { msg: '{{port}}' } }]\n`

const places: readonly (readonly [line: string, where: string])[] = [
  ['vars_files: [one.yml]', '/p/vars/one.yml:1'],
  ['vars_files: one.yml', '/p/vars/one.yml:1'],
  ['vars_files: [two.json, one.yml]', '/p/vars/one.yml:1'],
  ['vars_files: [one.yml, two.json]', '/p/two.json:1'],
  ['vars_files: [[none.yml, two.json, one.yml]]', '/p/two.json:1'],
  ['vars_files: [/p/two.json, /p/empty.yml]', '/p/two.json:1'],
  ['vars: { port: 1 }\n  vars_files: [one.yml]', '/p/vars/one.yml:1'],
]

const files = {
  '/p/vars/one.yml': 'port: 81\n',
  '/p/one.yml': 'port: 82\n',
  '/p/two.json': '{ "port": 83 }\n',
  '/p/empty.yml': '# nothing\n',
  '/p/list.yml': '- a\n',
}

for (const [line, expected] of places) {
  test(`the variable with "${line.replace('\n', ',')}"`, () => {
    const [play] = playsOf({ ...files, '/p/site.yml': site(line) })
    const where = play?.vars.get('port')?.where
    assert.equal(`${where?.file}:${where?.line}`, expected)
  })
}

const mistakes: readonly (readonly [line: string, message: string])[] = [
  [
    'vars_files: [oen.yml]',
    'site.yml:2:16 missing-file: there is no file "oen.yml" (did you mean "one.yml"?)',
  ],
  [
    'vars_files: [[x1, x2]]',
    'site.yml:2:16 missing-file: none of these files exists: x1, x2 (looked for /p/vars/x1, /p/x1, /p/vars/x2, /p/x2)',
  ],
  [
    'vars_files: ["{{ facts.os.id }}.yml"]',
    'site.yml:2:16 not-templated: "vars_files" cannot be a template: it is read when the playbook loads (read it with a task: include_vars takes a template, and reads the file when it runs)',
  ],
  [
    'vars_files: [7]',
    'site.yml:2:16 invalid-keyword: "vars_files" must be a list of file names (an entry is a name, or a list of names of which the first file that exists is read)',
  ],
  ['vars_files: [list.yml]', 'list.yml:1:1 invalid-variables: this file must be a map of variables'],
]

for (const [line, message] of mistakes) {
  test(`"${line}" is a mistake with a place and a cure`, () => {
    const { problems } = loadContents({ ...files, '/p/site.yml': site(line) }, { variables: ['port'] })
    assert.deepEqual(report(problems), [message])
  })
}

test('values of the files may use other variables, and names in them are checked', () => {
  const { problems } = loadContents({
    '/p/site.yml': site('vars_files: [a.yml]'),
    '/p/a.yml': 'port: "{{ base }}1"\nbase: "{{ bsae }}"\n',
  })
  assert.deepEqual(report(problems), [
    'a.yml:2:11 undefined-variable: "bsae" is not defined (did you mean "base"?)',
  ])
})

test('vars_files belongs to the play', () => {
  const { problems } = loadContents({
    '/p/site.yml': '- hosts: all\n  tasks: [{ debug: { msg: x }, vars_files: [a] }]\n',
  })
  assert.deepEqual(report(problems), [
    'site.yml:2:32 unknown-keyword: "vars_files" is not a keyword of a task (write it on the play; a task reads a file of variables with include_vars)',
  ])
})
