import assert from 'node:assert/strict'
import { createRequire } from 'node:module'
import { describe, test } from 'node:test'
import { compileFunction } from 'node:vm'
import type { ValidateFunction } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import * as fc from 'fast-check'
import { prepareValidators } from '../../scripts/validators.ts'
import { digestOf, Validators, validatorOptions } from './validators.ts'

const prepared = prepareValidators()

function load(code: string): ValidateFunction {
  const module: { exports: ValidateFunction | undefined } = { exports: undefined }
  compileFunction(code, ['module', 'require'])(module, createRequire(import.meta.url))
  assert.ok(module.exports)
  return module.exports
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Values that may match a schema: its own names and words, among random ones. */
function valuesFor(schema: object): fc.Arbitrary<unknown> {
  const words = [...JSON.stringify(schema).matchAll(/"([^"\\]+)"/g)].flatMap(([, word]) => word ?? [])
  const leaf = fc.oneof(
    fc.constantFrom(...words, '', '0644', 0, 1, 70_000, -1, true, null),
    fc.string({ maxLength: 3 }),
  )
  const value = fc.oneof(
    leaf,
    fc.array(leaf, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...words), leaf),
  )
  const properties = isRecord(schema) && isRecord(schema['properties']) ? schema['properties'] : {}
  const names = Object.keys(properties)
  if (names.length === 0) return value
  return fc.oneof(value, fc.dictionary(fc.constantFrom(...names, 'surplus'), value))
}

function judge(validate: ValidateFunction, value: unknown): object {
  const data: unknown = structuredClone(value)
  const valid = validate(data)
  return { valid, data, errors: structuredClone(validate.errors ?? []) }
}

describe('the prepared validators', () => {
  for (const { digest, schema, code } of prepared) {
    test(`agree with compiled ones: ${JSON.stringify(schema).slice(0, 60)}`, () => {
      const compiled = new Ajv2020(validatorOptions).compile({ ...schema })
      const made = load(code)
      fc.assert(
        fc.property(valuesFor(schema), (value) => {
          // The reference to the schema of schemas adds a step to every path.
          if (digest === 'json-schema') assert.equal(made(value), compiled(value))
          else assert.deepEqual(judge(made, value), judge(compiled, value))
        }),
        { numRuns: 60 },
      )
    })
  }

  test('are found by the content of their schema', () => {
    const known = new Map(prepared.map(({ digest, code }) => [digest, load(code)]))
    const validators = new Validators((digest) => known.get(digest))
    for (const { digest, schema } of prepared) {
      if (digest !== 'json-schema')
        assert.equal(validators.of(structuredClone(schema)), known.get(digestOf(schema)))
    }
  })

  test("report an invalid schema with ajv's message", () => {
    const schemaOfSchemas = prepared.find(({ digest }) => digest === 'json-schema')
    assert.ok(schemaOfSchemas)
    const check = load(schemaOfSchemas.code)
    const wrong = { type: 'object', properties: { count: { type: 'number', minimum: 'three' }, name: 7 } }
    const told = messageOf(() => new Validators(() => undefined).of(wrong))
    assert.match(told, /minimum must be number/)
    const ahead = new Validators((digest) => (digest === 'json-schema' ? check : undefined))
    assert.equal(
      messageOf(() => ahead.of(wrong)),
      told,
    )
    assert.equal(ahead.of({ type: 'integer' })('three'), false)
  })
})

function messageOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
  assert.fail('nothing was wrong')
}
