import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed } from '../testing/converge.ts'
import { setFact } from './module.ts'

test('set_fact accepts any variables, at least one', async () => {
  assert.deepEqual(completed(setFact, { gpu_count: 2 }), { gpu_count: 2 })
  assert.equal(setFact.setsFacts, true)
  assert.throws(() => completed(setFact, {}), /fewer than 1/)
  assert.throws(() => completed(setFact, { 'not-a-name': 1 }), /property name/)
})
