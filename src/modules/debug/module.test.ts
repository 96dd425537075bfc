import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed } from '../testing/converge.ts'
import { debug } from './module.ts'

test('debug prints text unchanged and other values as JSON', () => {
  assert.equal(debug.message(completed(debug, { msg: 'hello' })), 'hello')
  assert.equal(debug.message(completed(debug, { var: { a: [1] } })), '{\n  "a": [\n    1\n  ]\n}')
  assert.deepEqual(debug.report(completed(debug, {})), { msg: 'Hello world!' })
  assert.deepEqual(debug.plan(completed(debug, { msg: 'hello' })).warnings, [])
})

test('a warning is printed as one, and not as a message too', () => {
  const given = completed(debug, { msg: 'mind that', warning: true })
  assert.deepEqual(debug.plan(given).warnings, ['mind that'])
  assert.equal(debug.message(given), undefined)
})
