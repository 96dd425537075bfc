import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planOnce } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { assert as assertModule } from './module.ts'

test('assert lists the false conditions', async () => {
  const plan = await planOnce(assertModule, { that: [true, false, false] }, fakeWorld())
  assert.equal(plan.refusal?.message, 'of 3 conditions, numbers 2 and 3 are false')
  const one = await planOnce(assertModule, { that: [false], fail_msg: 'no GPU' }, fakeWorld())
  assert.deepEqual([one.refusal?.message, one.refusal?.hint], ['no GPU', 'the condition is false'])
  assert.equal((await planOnce(assertModule, { that: [true] }, fakeWorld())).refusal, undefined)
})
