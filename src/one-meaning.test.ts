/** A name of a file or of an exported type has one meaning. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'node:test'

/** Files that several folders have for the same purpose. */
const inEachModule = new Set(['module.ts', 'module.test.ts', 'args.ts', 'seen.ts', 'refusals.ts'])
const samePurpose = new Set(['converge.ts'])

/** Types of one module or of its field. */
const typesOfModules = new Set(['Args', 'Seen', 'Inside', 'SourceFile'])

const sources = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter((path) =>
  path.endsWith('.ts'),
)

test('two files of the sources never have the same name', () => {
  const usual = (name: string): boolean => inEachModule.has(name) || samePurpose.has(name)
  assert.deepEqual(
    repeated(sources.map((path) => basename(path))).filter((name) => !usual(name)),
    [],
  )
})

test('two exported types never have the same name', () => {
  const types = sources.flatMap((path) => {
    const text = readFileSync(join(import.meta.dirname, path), 'utf8')
    return [...text.matchAll(/^export (?:abstract )?(?:interface|type|class) (\w+)/gm)].flatMap(
      ([, name]) => name ?? [],
    )
  })
  assert.ok(types.length > 100)
  assert.deepEqual(
    repeated(types).filter((name) => !typesOfModules.has(name)),
    [],
  )
})

function repeated(names: readonly string[]): readonly string[] {
  const seen = new Set<string>()
  return [...new Set(names.filter((name) => seen.size === seen.add(name).size))].sort()
}
