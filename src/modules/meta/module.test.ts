import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed } from '../testing/converge.ts'
import { meta } from './module.ts'

test('meta takes one of its actions', () => {
  assert.deepEqual(completed(meta, { action: 'end_play' }), { action: 'end_play' })
  assert.throws(() => completed(meta, { action: 'refresh_inventory' }), /allowed values/)
  assert.throws(() => completed(meta, {}), /required property/)
})
