import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../base/secret.ts'
import { evaluate } from './expression.ts'
import { renderTemplate } from './template.ts'
import { expressionOf, dataScope, templateOf } from './testing/scopes.ts'

const key = 'first line\n  second line\n'
const scope = dataScope({
  password: new Secret('open "sesame" 7'),
  short: new Secret('abc'),
  key: new Secret(key),
  user: 'ann',
  database: { user: 'ann', password: new Secret('open "sesame" 7'), key: new Secret(key) },
})

function partsOf(value: unknown): readonly string[] | undefined {
  return value instanceof Secret ? value.parts : undefined
}
const rendered = (text: string): readonly string[] | undefined =>
  partsOf(renderTemplate(templateOf(text), scope))
const evaluated = (text: string): unknown => evaluate(expressionOf(text), scope)

test('a text that contains a secret is a Secret, and only the secret part is masked', () => {
  const text = renderTemplate(templateOf('user={{user}}\npassword={{password}}\n'), scope)
  assert.ok(text instanceof Secret)
  assert.equal(text.reveal(), 'user=ann\npassword=open "sesame" 7\n')
  assert.deepEqual(text.parts, ['open "sesame" 7'])
  for (const helper of ['json', 'quote', 'upper', 'lower', 'yaml'])
    assert.deepEqual(rendered(`x {{${helper} password}}`), ['open "sesame" 7'], helper)
  assert.deepEqual(rendered('{{json database}}'), ['open "sesame" 7', key])
})

test('a text with a secret that is too short to be masked is a Secret too', () => {
  assert.deepEqual(rendered('echo {{short}}'), ['abc'])
})

test('if a helper changes a secret, its result becomes another secret', () => {
  assert.deepEqual(rendered('x {{replace password "open" "shut"}} y'), ['open "sesame" 7', 'shut "sesame" 7'])
  assert.deepEqual(rendered('{{indent key 4}}')?.slice(1), ['first line\n      second line\n'])
  assert.equal(rendered('{{yaml database}}')?.length, 3)
})

test('a text that only depends on a secret is not a Secret', () => {
  assert.equal(
    renderTemplate(templateOf('{{#if password}}login{{/if}} {{length password}}'), scope),
    'login 15',
  )
  assert.equal(evaluated('password == "" ? "none" : "given"'), 'given')
})

test('in the result of an expression, only texts that contain a secret or a piece of one are Secrets', () => {
  assert.deepEqual(partsOf(evaluated('password + user')), ['open "sesame" 7'])
  const split = evaluated('password.split(" ")')
  assert.ok(Array.isArray(split))
  assert.deepEqual(split.map(partsOf), [['open'], ['"sesame"'], ['7']])
  assert.deepEqual(partsOf(evaluated('password.substring(0, 4)')), ['open'])
  const database: unknown = evaluated('database')
  assert.deepEqual(JSON.parse(JSON.stringify(database)), {
    user: 'ann',
    password: '(secret)',
    key: '(secret)',
  })
})
