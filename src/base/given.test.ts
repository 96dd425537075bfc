import assert from 'node:assert/strict'
import { test } from 'node:test'
import { given } from './given.ts'

test('only members with a value are copied; null, false, zero and empty text are values', () => {
  const members = { a: undefined, b: null, c: false, d: 0, e: '' }
  assert.deepEqual(Object.keys(given(members)), ['b', 'c', 'd', 'e'])
})
