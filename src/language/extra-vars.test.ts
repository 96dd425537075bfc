import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readExtraVars } from './extra-vars.ts'
import { VariableScope } from './scope.ts'
import { memoryFiles } from './testing/memory-files.ts'

const files = memoryFiles({ 'vars.yml': 'driver: "580.95.05"\nports: [1, 2]\n' })

function values(...texts: string[]): Readonly<Record<string, unknown>> {
  const { variables, problems } = readExtraVars(texts, files)
  assert.deepEqual(problems, [])
  const scope = new VariableScope([{ layer: 'extra vars', written: variables }])
  return Object.fromEntries([...scope.names()].map((name) => [name, scope.get(name)]))
}

test('values after an equals sign are text, so version numbers keep their form', () => {
  assert.deepEqual(values('version=12.8 driver=580.95.05'), { version: '12.8', driver: '580.95.05' })
})

test('true, false and whole numbers have their types', () => {
  assert.deepEqual(values('a=true b=false c=12 d=0644'), { a: true, b: false, c: 12, d: '0644' })
})

test('a quoted value can contain spaces', () => {
  assert.deepEqual(values(`motto="two words" other='x y'`), { motto: 'two words', other: 'x y' })
})

test('values in a YAML map keep their types', () => {
  assert.deepEqual(values('{a: 1, b: [x]}'), { a: 1, b: ['x'] })
})

test('a file is read, and later values override earlier ones', () => {
  assert.deepEqual(values('@vars.yml', 'driver=590.48.01'), { driver: '590.48.01', ports: [1, 2] })
})

test('a value can use other variables', () => {
  assert.deepEqual(values('a=x', 'b={{ a }}y'), { a: 'x', b: 'xy' })
})

for (const [text, message] of [
  ['lonely', /"lonely" does not set a variable/],
  ['db_password=open sesame', /^a word after "db_password=" does not set a variable$/],
  ['@nothing.yml', /there is no file "nothing.yml"/],
  ['[1, 2]', /variables must be a map/],
  ['a-b=1', /is not a valid variable name/],
] as const) {
  test(`${text} is refused`, () => {
    const { problems } = readExtraVars([text], files)
    assert.match(problems[0]?.message ?? '', message)
  })
}
