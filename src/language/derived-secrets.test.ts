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

test('a text that holds a secret is one by its type, and only the secret in it is looked for', () => {
  const text = renderTemplate(templateOf('user={{user}}\npassword={{password}}\n'), scope)
  assert.ok(text instanceof Secret)
  assert.equal(text.reveal(), 'user=ann\npassword=open "sesame" 7\n')
  assert.deepEqual(text.parts, ['open "sesame" 7'])
  for (const helper of ['json', 'quote', 'upper', 'lower', 'yaml'])
    assert.deepEqual(rendered(`x {{${helper} password}}`), ['open "sesame" 7'], helper)
  assert.deepEqual(rendered('{{json database}}'), ['open "sesame" 7', key])
})

test('a secret too short to be looked for keeps its type all the same', () => {
  assert.deepEqual(rendered('echo {{short}}'), ['abc'])
})

test('what a helper makes of a secret that no longer looks like it is a secret of its own', () => {
  assert.deepEqual(rendered('x {{replace password "open" "shut"}} y'), ['open "sesame" 7', 'shut "sesame" 7'])
  assert.deepEqual(rendered('{{indent key 4}}')?.slice(1), ['first line\n      second line\n'])
  assert.equal(rendered('{{yaml database}}')?.length, 3)
})

test('a text that only depends on a secret holds none', () => {
  assert.equal(
    renderTemplate(templateOf('{{#if password}}login{{/if}} {{length password}}'), scope),
    'login 15',
  )
  assert.equal(evaluated('password == "" ? "none" : "given"'), 'given')
})

test('of what an expression gives only the texts that hold a secret, or are pieces of one, are secrets', () => {
  assert.deepEqual(partsOf(evaluated('password + user')), ['open "sesame" 7'])
  const split = evaluated('password.split(" ")')
  assert.ok(Array.isArray(split))
  assert.deepEqual(split.map(partsOf), [['open'], ['"sesame"'], undefined])
  assert.deepEqual(partsOf(evaluated('password.substring(0, 4)')), ['open'])
  const database: unknown = evaluated('database')
  assert.deepEqual(JSON.parse(JSON.stringify(database)), {
    user: 'ann',
    password: '(secret)',
    key: '(secret)',
  })
})
