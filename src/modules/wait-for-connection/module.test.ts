import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settleAs } from '../../host/plan.ts'
import { planOnce } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { waitForConnection } from './module.ts'

const why = 'waiting until the host can be reached'

test('wait_for_connection has nothing to do on a host that answers, but it waits for its delay', async () => {
  assert.deepEqual((await planOnce(waitForConnection, {}, fakeWorld())).pause, undefined)
  const { pause, settle, actions } = await planOnce(waitForConnection, { delay: 4 }, fakeWorld())
  assert.deepEqual([pause, settle, actions], [{ seconds: 4 }, undefined, []])
})

test('while the host cannot be reached, wait_for_connection waits as it is told', () => {
  assert.deepEqual(
    waitForConnection.whileUnreachable({ timeout: 600, delay: 0 }),
    settleAs({ why, timeout: 600 }),
  )
  assert.deepEqual(waitForConnection.whileUnreachable({ timeout: 60, delay: 5, sleep: 2 }), {
    ...settleAs({ why, timeout: 60, sleep: 2 }),
    pause: { seconds: 5 },
  })
})
