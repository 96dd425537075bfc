import assert from 'node:assert/strict'
import { setTimeout as delay } from 'node:timers/promises'
import { test } from 'node:test'
import { inventoryOf } from '../inventory/testing/inventories.ts'
import { createRunContext } from './run-context.ts'
import { fakeReach } from './testing/fake-reach.ts'

test('any number of hosts may listen for the end of a run without a warning about leaks', async (t) => {
  const warnings: string[] = []
  const onWarning = ({ message }: Error): void => void warnings.push(message)
  process.on('warning', onWarning)
  t.after(() => process.off('warning', onWarning))
  const [stop, cut] = [new AbortController(), new AbortController()]
  const run = createRunContext({
    name: 'test',
    world: {
      now: () => new Date(0),
      clock: () => 0,
      sleep: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
      randomHex: (bytes) => '0'.repeat(2 * bytes),
      environment: {},
      home: '/',
      userName: 'me',
      hostName: 'here',
      addresses: [],
      pid: 1,
      workingDirectory: '/',
    },
    sinks: [],
    inventory: inventoryOf({ '/i/hosts.yml': 'all: { hosts: { one: } }\n' }),
    extra: new Map(),
    facts: [],
    defaults: {},
    reach: fakeReach(),
    check: false,
    reachable: () => false,
    signal: stop.signal,
    cut: cut.signal,
  })
  const waiting = Array.from({ length: 20 }, async () => {
    const claims = [{ key: 'same', mode: 'exclusive' }] as const
    const hold = await run.holds.acquire(claims, run.signal)
    hold.release()
  })
  const sleeping = Array.from({ length: 20 }, () => run.world.sleep(60_000, cut.signal))
  cut.abort(new Error('cut'))
  const ended = await Promise.allSettled([...waiting, ...sleeping])
  assert.equal(ended.filter(({ status }) => status === 'rejected').length, 20)
  // Node emits warnings in a later turn of the event loop.
  await delay(0)
  assert.deepEqual(warnings, [])
})
