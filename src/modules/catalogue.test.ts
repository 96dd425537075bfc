import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { ProgramHost } from '../host/host.ts'
import { foreignArguments } from '../language/other-arguments.ts'
import { moduleInstead } from '../language/other-modules.ts'
import { modules } from './catalogue.ts'
import type { Module } from './module.ts'

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Every property of a schema, at any depth, by its path. */
function properties(schema: unknown, path: string): readonly (readonly [string, unknown])[] {
  if (!isRecord(schema) || !isRecord(schema['properties'])) return []
  return Object.entries(schema['properties']).flatMap(([name, property]) => [
    [`${path}.${name}`, property] as const,
    ...properties(property, `${path}.${name}`),
  ])
}

test('every module has a unique name, as written in tasks', () => {
  const names = modules.map(({ name }) => name)
  assert.equal(new Set(names).size, names.length)
  for (const name of names) assert.match(name, /^[a-z][a-z0-9_]*$/)
})

test('a module has no hint that names a replacement', () => {
  assert.deepEqual(
    modules.map(({ name }) => name).filter((name) => moduleInstead(name) !== undefined),
    [],
  )
})

test('the names of Ansible that hints replace are not names here, and their replacements are', () => {
  const names = new Map(
    modules.map(({ name, args }) => [name, properties(args, '').map(([path]) => path.slice(1))]),
  )
  for (const [module, argument, meant] of foreignArguments) {
    const own = names.get(module)
    assert.ok(own !== undefined, module)
    assert.ok(!own.includes(argument), `${module} has ${argument}`)
    assert.ok(meant === undefined || own.includes(meant), `${module} has no ${meant}`)
  }
})

for (const module of modules) {
  test(`${module.name}: schemas compile, and every argument has a description`, () => {
    const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, useDefaults: true })
    for (const schema of [module.args, module.result]) ajv.compile({ ...(schema as object) })
    for (const [path, property] of properties(module.args, 'args')) {
      const text = isRecord(property) ? property['description'] : undefined
      assert.ok(typeof text === 'string' && text.length > 0, `${path} has no description`)
    }
  })

  test(`${module.name}: the summary is one sentence and names only existing arguments`, () => {
    assert.match(module.summary, /^[A-Z].*\.$/)
    const names = properties(module.args, '').map(([path]) => path.slice(1))
    const used = [
      ...(module.freeForm === undefined ? [] : [module.freeForm]),
      ...Object.keys(module.files ?? {}),
      ...(module.expressions ?? []),
      ...(module.mayBeSecret ?? []),
    ]
    for (const name of used) assert.ok(names.includes(name), name)
    const shown = [
      'cmd',
      'argv',
      'url',
      'path',
      'dest',
      'src',
      'name',
      'owner',
      'group',
      'mode',
      'creates',
      'chdir',
    ]
    assert.deepEqual(
      shown.filter((name) => module.mayBeSecret?.includes(name)),
      [],
      'others can read what these arguments become',
    )
  })
}

test('only command and shell run programs that a playbook names', () => {
  assert.deepEqual(
    modules.filter(({ runs }) => runs !== undefined).map(({ name }) => name),
    ['command', 'shell'],
  )
  const greedy = {
    name: 'greedy',
    summary: 'Runs what it likes.',
    args: { type: 'object' },
    result: { type: 'object' },
    probe: (_: unknown, host: ProgramHost) => host.promised(['true']),
    plan: () => ({ actions: [], diffs: [], warnings: [] }),
  } as const
  // @ts-expect-error A module that does not declare this gets no host that can run programs.
  const module: Module = greedy
  assert.equal(module.runs, undefined)
})

test('every module has a test in its folder that imports it, itself or through its scene', () => {
  const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !['support', 'testing'].includes(entry.name))
    .map(({ name }) => name)
  assert.equal(folders.length, modules.length)
  const untested = folders.filter((folder) => {
    const texts = ['module.test.ts', 'testing/scene.ts'].map((name) => {
      const path = join(import.meta.dirname, folder, name)
      return existsSync(path) ? readFileSync(path, 'utf8') : ''
    })
    const [own = '', scene = ''] = texts
    const throughScene = own.includes("from './testing/scene.ts'") && scene.includes("from '../module.ts'")
    return !own.includes("from './module.ts'") && !throughScene
  })
  assert.deepEqual(untested, [])
})

test('the test of a module does not test other modules', () => {
  const strays = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('/module.test.ts'))
    .filter((name) =>
      /from '\.\.\/(?!testing|support)[a-z-]+\/module\.ts'/.test(
        readFileSync(join(import.meta.dirname, name), 'utf8'),
      ),
    )
  assert.deepEqual(strays, [])
})
