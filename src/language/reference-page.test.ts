import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'
import { facts } from '../host/facts.ts'
import { celEnvironment, sharedName } from './cel-environment.ts'
import { evaluate } from './expression.ts'
import { functions, undescribed } from './functions/expression-functions.ts'
import { exampleVariables, helpersDescribed } from './functions/helpers-described.ts'
import { sharedFunctions } from './functions/shared-functions.ts'
import { statusOutputSchema } from '../modules/gpu-verify/gpu-status.ts'
import { referencePage } from './reference-page.ts'
import { renderTemplate } from './template.ts'
import { templateHelpers } from './template-helpers.ts'
import { expressionOf, dataScope, templateOf } from './testing/scopes.ts'

test('docs/reference.md matches the code (npm run schemas)', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/reference.md', import.meta.url)), 'utf8')
  assert.equal(page, referencePage(facts, statusOutputSchema.properties.hosts.items.properties))
})

test('exactly the functions that only expressions have are described', () => {
  const definitions = celEnvironment({ anyVariable: true }).getDefinitions().functions
  const names = new Set(
    definitions.map(({ name }) => sharedName(name)).filter((name) => !sharedFunctions.has(name)),
  )
  assert.deepEqual([...names].sort(), [...Object.keys(functions), ...undescribed].sort())
})

test('exactly the helpers that only templates have are described', () => {
  assert.deepEqual(Object.keys(helpersDescribed).sort(), Object.keys(templateHelpers).sort())
})

for (const [name, { example, gives }] of Object.entries(functions)) {
  test(`the example of ${name} has the result that the page shows`, () => {
    assert.ok(example.includes(name), example)
    assert.deepEqual(evaluate(expressionOf(example), dataScope(exampleVariables)), gives)
  })
}

for (const [name, { example, gives }] of Object.entries(helpersDescribed)) {
  test(`the example of the helper ${name} has the result that the page shows`, () => {
    assert.ok(example.includes(name), example)
    assert.equal(String(renderTemplate(templateOf(example), dataScope(exampleVariables))), gives)
  })
}
