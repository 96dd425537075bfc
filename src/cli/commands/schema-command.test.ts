import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { parse } from 'yaml'
import { scratchFolder } from '../../connection/testing/programs.ts'
import { hostVariableSchemas } from '../../inventory/connection-variables.ts'
import { schemaKinds } from '../schema-kinds.ts'
import { gpuplay } from '../testing/command-line.ts'

const repository = join(import.meta.dirname, '../../..')
const read = (path: string): string => readFileSync(join(repository, path), 'utf8')

async function printed(kind: string, folder = scratchFolder()): Promise<object> {
  const { output, errors, exitCode } = await gpuplay(folder, ['schema', kind])
  assert.deepEqual([errors, exitCode], ['', 0])
  const schema: unknown = JSON.parse(output)
  assert.ok(typeof schema === 'object' && schema !== null)
  return schema
}

async function checker(kind: string, folder?: string): Promise<(text: string) => boolean> {
  const check = new Ajv2020({ strict: false, logger: false }).compile(await printed(kind, folder))
  return (text) => check(parse(text, { logLevel: 'silent' }))
}

describe('gpuplay schema', () => {
  for (const kind of schemaKinds) {
    test(`${kind} is the included file (npm run schemas)`, async () => {
      assert.deepEqual(await printed(kind), JSON.parse(read(`schemas/${kind}.json`)))
    })
  }

  test('every included schema has a kind, and playbook is the default', async () => {
    const names = readdirSync(join(repository, 'schemas')).map((name) => name.replace(/\.json$/, ''))
    assert.deepEqual(names.sort(), [...schemaKinds].sort())
    const { output } = await gpuplay(scratchFolder(), ['schema'])
    assert.deepEqual(JSON.parse(output), await printed('playbook'))
  })

  test('an unknown kind is a mistake', async () => {
    const { errors, exitCode } = await gpuplay(scratchFolder(), ['schema', 'inventroy'])
    assert.match(errors, /^error: there is no schema "inventroy"\n {2}help: did you mean "inventory"\?/)
    assert.equal(exitCode, 2)
  })

  test('the modules of the project are in the schemas of playbooks and tasks', async () => {
    const [, module = ''] =
      /^## Custom modules$[^]*?^```ts\n([^]*?)^```$/m.exec(read('docs/playbooks.md')) ?? []
    const task = '{ name: Note, take_note: { path: /a, text: x } }'
    const folder = scratchFolder()
    for (const [kind, text] of [
      ['playbook', `[{ hosts: all, tasks: [${task}] }]`],
      ['tasks', `[${task}]`],
    ] as const)
      assert.equal((await checker(kind, folder))(text), false)
    mkdirSync(join(folder, 'modules'))
    writeFileSync(join(folder, 'modules/take-note.ts'), module)
    for (const [kind, text] of [
      ['playbook', `[{ hosts: all, tasks: [${task}] }]`],
      ['tasks', `[${task}]`],
    ] as const) {
      const check = await checker(kind, folder)
      assert.equal(check(text), true)
      assert.equal(check(text.replace('text:', 'txt:')), false)
    }
  })

  test('a module of the project with a mistake is reported', async () => {
    const folder = scratchFolder()
    mkdirSync(join(folder, 'modules'))
    writeFileSync(join(folder, 'modules/broken.ts'), 'export default 1\n')
    const { output, errors, exitCode } = await gpuplay(folder, ['schema'])
    assert.deepEqual([output, exitCode], ['', 2])
    assert.match(errors, /broken\.ts/)
  })

  test('the tasks of the included roles are valid', async () => {
    const check = await checker('tasks')
    for (const role of readdirSync(join(repository, 'roles')))
      assert.ok(check(read(`roles/${role}/tasks/main.yml`)), role)
    assert.equal(check('[{ cpoy: { dest: /x } }]'), false)
  })

  test('the arguments of the included roles are valid, and mistakes are not', async () => {
    const check = await checker('role')
    for (const role of readdirSync(join(repository, 'roles')))
      assert.ok(check(read(`roles/${role}/meta/arguments.yml`)), role)
    const properties = 'type: object\nproperties: { a: { type: integer } }\n'
    assert.equal(check(properties), true)
    assert.equal(check(`${properties}checks: [{ that: a > 1, message: x }]\n`), true)
    for (const wrong of [
      'properties: {}\n',
      'type: object\n',
      `${properties}chekcs: []\n`,
      `${properties}checks: [{ that: a > 1 }]\n`,
      properties.replace('integer', 'int'),
      properties.replace('type: integer', 'tpye: integer'),
    ])
      assert.equal(check(wrong), false, wrong)
  })

  test('the included inventories are valid, and mistakes are not', async () => {
    const check = await checker('inventory')
    for (const path of ['inventory/example/hosts.yml', 'inventory/lab/hosts.yml'])
      assert.ok(check(read(path)), path)
    for (const right of [
      'all: { hosts: web1 }\n',
      'nodes:\n  hosts:\n    pve1:\n    pve2: { port: "{{ base + 1 }}", own: [1] }\n',
      'plugin: constructed\ngroups: { big: "true" }\n',
      '_meta: { hostvars: {} }\nnodes: { hosts: [a] }\n',
    ])
      assert.equal(check(right), true, right)
    for (const wrong of [
      'all: { host: { a: } }\n',
      'all: { hosts: [a] }\n',
      'all: { children: { nodes: { user: x } } }\n',
      '- all\n',
    ])
      assert.equal(check(wrong), false, wrong)
  })

  test('the schema of inventories explains every connection variable', async () => {
    const text = JSON.stringify(await printed('inventory'))
    for (const name of Object.keys(hostVariableSchemas))
      assert.match(text, new RegExp(`"${name}":\\{"description":"[A-Z]`), name)
  })
})
