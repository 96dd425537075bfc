import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planOnce } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { fail } from './module.ts'

test('fail fails with its message and hint', async () => {
  const plan = await planOnce(fail, { msg: 'no', hint: 'do' }, fakeWorld())
  assert.deepEqual(plan.refusal, { code: 'failed-on-purpose', message: 'no', hint: 'do' })
})
