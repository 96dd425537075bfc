/** Files of a role that Ansible reads: gpuplay reads them or refuses them with an alternative. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadContents, playsOf } from './testing/playbooks.ts'
import { report } from './testing/report.ts'

const book = { '/p/site.yml': '- hosts: all\n  roles: [r]\n', '/p/roles/r/tasks/main.yml': '' }

function problemsOf(files: Readonly<Record<string, string>>): readonly string[] {
  return report(loadContents({ ...book, ...files }).problems)
}

function defaultsOf(files: Readonly<Record<string, string>>): readonly string[] {
  const [play] = playsOf({ ...book, ...files })
  return [...(play?.roles[0]?.role.defaults.keys() ?? [])]
}

test('defaults and vars can be folders: their files are read in alphabetical order, including subfolders', () => {
  const files = {
    '/p/roles/r/defaults/main/b.yml': 'b: 1\nboth: from b\n',
    '/p/roles/r/defaults/main/a.yaml': 'a: 1\nboth: from a\n',
    '/p/roles/r/defaults/main/deeper/c.json': '{"c": 1}',
    '/p/roles/r/defaults/main/plain': 'd: 1\n',
    '/p/roles/r/defaults/main/.hidden.yml': 'no: 1\n',
    '/p/roles/r/defaults/main/old.yml~': 'no: 1\n',
    '/p/roles/r/defaults/main/README.md': '# Not YAML: [\n',
  }
  assert.deepEqual(defaultsOf(files).toSorted(), ['a', 'b', 'both', 'c', 'd'])
  const [play] = playsOf({ ...book, ...files })
  const both = play?.roles[0]?.role.defaults.get('both')
  assert.deepEqual(both?.value.kind === 'literal' && both.value.value, 'from b')
})

for (const name of ['main.yml', 'main.yaml', 'main.json', 'main']) {
  test(`defaults/${name} is read`, () => {
    assert.deepEqual(defaultsOf({ [`/p/roles/r/defaults/${name}`]: '{"a": 1}' }), ['a'])
  })
}

test('if two spellings of one file exist, gpuplay refuses to choose', () => {
  assert.deepEqual(
    problemsOf({ '/p/roles/r/defaults/main.yml': 'a: 1\n', '/p/roles/r/defaults/main/b.yml': 'b: 1\n' }),
    [
      'ambiguous-file: only one of "/p/roles/r/defaults/main/" and "/p/roles/r/defaults/main.yml" can be read (remove one of them)',
    ],
  )
  assert.deepEqual(problemsOf({ '/p/roles/r/vars/main.yml': 'a: 1\n', '/p/roles/r/vars/main.json': '{}' }), [
    'ambiguous-file: only one of "/p/roles/r/vars/main.yml" and "/p/roles/r/vars/main.json" can be read (remove one of them)',
  ])
})

const declare =
  'declare the arguments as a JSON Schema in meta/arguments.yml; you can keep this form for Ansible'

test("arguments in Ansible's format are refused, unless the role also declares them in gpuplay's format", () => {
  const specs = 'argument_specs:\n  main:\n    options: { port: { type: int, required: true } }\n'
  const refused = `unsupported-role-file: gpuplay does not read "/p/roles/r/meta/argument_specs.yml" (${declare})`
  assert.deepEqual(problemsOf({ '/p/roles/r/meta/argument_specs.yml': specs }), [refused])
  assert.deepEqual(problemsOf({ '/p/roles/r/meta/main.yml': specs }), [
    `main.yml:1:1 unsupported-role-file: gpuplay does not read "argument_specs" (${declare})`,
  ])
  const ours = { '/p/roles/r/meta/arguments.yml': 'type: object\nproperties: { port: { type: integer } }\n' }
  assert.deepEqual(problemsOf({ ...ours, '/p/roles/r/meta/argument_specs.yml': specs }), [])
  assert.deepEqual(problemsOf({ ...ours, '/p/roles/r/meta/main.yml': specs }), [])
})

test('arguments.yaml is read like arguments.yml', () => {
  const files = {
    '/p/roles/r/meta/arguments.yaml': 'type: object\nproperties: { port: { type: integer, default: 80 } }\n',
  }
  assert.deepEqual(defaultsOf(files), ['port'])
})

test('a role with Ansible plugins is refused with an alternative; empty folders and other files are ignored', () => {
  const rewrite =
    'rewrite the tasks that use them with other modules (see "gpuplay modules"), and remove the directory'
  assert.deepEqual(
    problemsOf({
      '/p/roles/r/library/thing.py': '',
      '/p/roles/r/filter_plugins/nice.py': '',
      '/p/roles/r/lookup_plugins/.gitkeep': '',
      '/p/roles/r/molecule/default/molecule.yml': '',
    }),
    [
      `unsupported-role-file: the role "r" has filters of Jinja for Ansible in "/p/roles/r/filter_plugins", which gpuplay cannot run (${rewrite})`,
      `unsupported-role-file: the role "r" has modules for Ansible in "/p/roles/r/library", which gpuplay cannot run (${rewrite})`,
    ],
  )
})
