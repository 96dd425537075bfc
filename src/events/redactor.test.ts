import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../base/secret.ts'
import { createRedactor } from './redactor.ts'

test('known secrets are taken out of texts, wherever they are', () => {
  const redactor = createRedactor()
  redactor.add(new Secret('opensesame'))
  assert.deepEqual(redactor.redact({ a: ['x opensesame y', 1, undefined], b: { c: 'opensesame' } }), {
    a: ['x (secret) y', 1, undefined],
    b: { c: '(secret)' },
  })
})

test('a secret by its type is taken out although nobody has told of it', () => {
  assert.deepEqual(createRedactor().redact({ a: [new Secret('anything')] }), { a: ['(secret)'] })
})

test('what holds none is the same object, and is not copied', () => {
  const redactor = createRedactor()
  redactor.add(new Secret('opensesame'))
  const clean = { a: [{ b: 'nothing' }], c: 1 }
  assert.equal(redactor.redact(clean), clean)
})

test('of a secret of several lines each line is one, as a program may quote it', () => {
  const redactor = createRedactor()
  redactor.add(new Secret('-----BEGIN-----\nabcdefgh\n'))
  assert.equal(redactor.redact('line 2: abcdefgh.'), 'line 2: (secret).')
  assert.equal(redactor.holds('abcdefgh'), true)
})

test('texts of fewer than four characters would blank out everything, and are not looked for', () => {
  const redactor = createRedactor()
  redactor.add(new Secret('abc'))
  assert.equal(redactor.redact('abc'), 'abc')
  assert.equal(redactor.holds('abc'), false)
})
