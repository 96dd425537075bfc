import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defined } from './defined.ts'

test('only members with a value are copied; null, false, zero and empty text are values', () => {
  const members = { a: undefined, b: null, c: false, d: 0, e: '' }
  assert.deepEqual(Object.keys(defined(members)), ['b', 'c', 'd', 'e'])
})
