import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unknown } from '../base/unknown.ts'
import { misspeltVariables } from './misspelt.ts'
import type { Playbook, Variables } from './model.ts'
import { readPlaybook } from './playbook.ts'
import { checkRoleArguments } from './role-arguments.ts'
import { SchemaChecker } from './schema.ts'
import { roleLayers, VariableScope } from './scope.ts'
import { SourceFile } from './source.ts'
import { memoryFiles } from './testing/memory-files.ts'
import { testModules } from './testing/test-modules.ts'
import { report } from './testing/report.ts'
import { ValueReader } from './values.ts'
import { readYaml } from './yaml.ts'

const role = {
  '/p/roles/gpu/tasks/main.yml': '[]\n',
  '/p/roles/gpu/meta/arguments.yml': `type: object
properties:
  url: { type: string }
  driver_version: { type: string, description: 'the driver, such as "580.95.05"' }
  assignment: { type: [string, integer, array] }
  reboot: { enum: [ask, auto, never], default: ask }
  exclude: { type: array, items: { type: string }, default: [] }
required: [driver_version]
checks:
  - that: url.contains("-" + driver_version + ".run")
    message: '"url" is for another version than {{ driver_version }}'
    hint: leave it out, or make it end in -{{ driver_version }}.run
    at: url
`,
}

function loaded(contents: Readonly<Record<string, string>>): Playbook {
  const options = { modules: testModules, files: memoryFiles(contents), variables: ['wanted'] }
  const { playbook, problems } = readPlaybook('/p/site.yml', options)
  assert.deepEqual(report(problems), [])
  assert.ok(playbook)
  return playbook
}

function check(
  inventory: string,
  registered: ReadonlyMap<string, unknown> = new Map(),
  playbook = '- hosts: all\n  roles: [gpu]\n',
): readonly string[] {
  const [play] = loaded({ ...role, '/p/site.yml': playbook }).plays
  const use = play?.roles[0]
  assert.ok(use)
  const scope = new VariableScope([
    ...roleLayers(use),
    { layer: 'inventory', written: variables(inventory) },
    { layer: 'registered', data: registered },
  ])
  return report(checkRoleArguments(use, scope, { host: 'pve1', schemas: new SchemaChecker() }))
}

function variables(text: string): Variables {
  const { root } = readYaml(new SourceFile('hosts.yml', text))
  return root?.kind === 'map' ? new ValueReader().variables(root) : new Map()
}

test('a required variable of a role that is not set is reported where the role is used', () => {
  assert.deepEqual(check(''), [
    'site.yml:2:11 invalid-role-argument: the role "gpu" needs "driver_version" on pve1 (driver_version: the driver, such as "580.95.05")',
  ])
})

test('a version that is a number is reported where it is set', () => {
  assert.deepEqual(check('driver_version: 580.95\n'), [
    'hosts.yml:1:17 invalid-role-argument: "driver_version" must be text, but 580.95 is a number (quote it: driver_version: "580.95")',
  ])
})

test('several mistakes are reported, including mistakes in lists', () => {
  assert.deepEqual(check('driver_version: "580"\nreboot: aks\nexclude: [a, 1]\n'), [
    'hosts.yml:2:9 invalid-role-argument: "reboot" must be one of ask, auto, never, not "aks" (did you mean "ask"?)',
    'hosts.yml:3:14 invalid-role-argument: "exclude[1]" must be text, but 1 is a number (quote it: "1")',
  ])
})

test('a union type accepts each of its types', () => {
  for (const value of ['0', '"0,1"', '[0, 1]']) {
    assert.deepEqual(check(`driver_version: "580"\nassignment: ${value}\n`), [])
  }
})

test('templates are rendered for the check, and a mistake in a template is reported at its position', () => {
  assert.deepEqual(check('driver_version: "{{v}}"\nv: 580\n'), [
    'hosts.yml:1:17 invalid-role-argument: "driver_version" must be text, but 580 is a number (quote it: driver_version: "580")',
  ])
  assert.deepEqual(check('driver_version: "{{nothing}}"\n'), [
    'hosts.yml:1:20 undefined-variable: "nothing" is not defined (give it a value, or write {{default nothing "..."}})',
  ])
})

test('a value that is not yet known is accepted', () => {
  const registered = new Map([['driver_version', new Unknown('a fact has not been read')]])
  assert.deepEqual(check('', registered), [])
})

test('a failed check of a role is reported at its variable, with the rendered message and hint', () => {
  assert.deepEqual(
    check('driver_version: "580.95.05"\nurl: http://mirror/NVIDIA-Linux-x86_64-570.86.run\n'),
    [
      'hosts.yml:2:6 invalid-role-argument: "url" is for another version than 580.95.05 (leave it out, or make it end in -580.95.05.run)',
    ],
  )
  assert.deepEqual(check('driver_version: "580.95.05"\nurl: http://mirror/x-580.95.05.run\n'), [])
})

test('a check that reads an unset or unknown variable passes', () => {
  assert.deepEqual(check('driver_version: "580.95.05"\n'), [])
  const registered = new Map([['url', new Unknown('a result')]])
  assert.deepEqual(check('driver_version: "580.95.05"\n', registered), [])
})

test('a role that is skipped on a host requires no variables there', () => {
  const play = '- hosts: all\n  roles:\n    - { role: gpu, when: wanted }\n'
  assert.deepEqual(check('wanted: false\n', new Map(), play), [])
  assert.equal(check('wanted: true\n', new Map(), play).length, 1)
})

test('an inventory variable whose name is similar to a role variable is reported, others are not', () => {
  const playbook = loaded({ ...role, '/p/site.yml': '- hosts: all\n  roles: [gpu]\n' })
  const given = variables('asignment: none\nunrelated: 1\nrebot: x\ndriver_versions: y\n')
  const found = misspeltVariables([playbook], given.values(), new Set(['driver_versions']))
  assert.deepEqual(report(found), [
    'hosts.yml:1:1 misspelt-variable: nothing reads "asignment"; the role "gpu" has "assignment" (did you mean "assignment"?)',
  ])
})
