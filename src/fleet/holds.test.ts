import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createHolds, type Hold } from './holds.ts'

const never = new AbortController().signal

test('an exclusive hold keeps others out until it is released, and they learn that they waited', async () => {
  const holds = createHolds()
  const first = await holds.acquire([{ key: 'a', mode: 'exclusive' }], never)
  assert.equal(first.waited, false)
  let granted = false
  const second = holds.acquire([{ key: 'a', mode: 'shared' }], never).then((hold) => {
    granted = true
    return hold
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(granted, false)
  first.release()
  assert.equal((await second).waited, true)
})

test('shared holds do not exclude each other', async () => {
  const holds = createHolds()
  await holds.acquire([{ key: 'a', mode: 'shared' }], never)
  const second = await holds.acquire([{ key: 'a', mode: 'shared' }], never)
  assert.equal(second.waited, false)
})

test('shared holds do not starve an exclusive waiter', async () => {
  const holds = createHolds()
  const first = await holds.acquire([{ key: 'a', mode: 'shared' }], never)
  const exclusive = holds.acquire([{ key: 'a', mode: 'exclusive' }], never)
  let overtaken = false
  const late = holds.acquire([{ key: 'a', mode: 'shared' }], never).then((hold) => {
    overtaken = true
    return hold
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(overtaken, false)
  first.release()
  const held = await exclusive
  assert.equal(overtaken, false)
  held.release()
  await late
})

test('claims on several resources are all released', async () => {
  const holds = createHolds()
  const first = await holds.acquire([{ key: 'a', mode: 'exclusive' }], never)
  const both = holds.acquire(
    [
      { key: 'b', mode: 'exclusive' },
      { key: 'a', mode: 'exclusive' },
    ],
    never,
  )
  first.release()
  const held = await both
  held.release()
  const again = await holds.acquire([{ key: 'b', mode: 'exclusive' }], never)
  assert.equal(again.waited, false)
})

for (const orders of [
  ['ab', 'ba'],
  ['abc', 'bca', 'cab'],
]) {
  test(`claims in the orders ${orders.join(', ')} that are made at once do not block each other`, async () => {
    const holds = createHolds()
    const granted: Hold[] = []
    for (const order of orders) {
      const claims = order.split('').map((key) => ({ key, mode: 'exclusive' as const }))
      void holds.acquire(claims, never).then((hold) => granted.push(hold))
    }
    for (const [index] of orders.entries()) {
      await new Promise((resolve) => setImmediate(resolve))
      assert.equal(granted.length, index + 1, 'exactly one more is granted')
      granted.at(-1)?.release()
    }
  })
}

test('a waiter can be cancelled and is then not granted', async () => {
  const holds = createHolds()
  const first = await holds.acquire([{ key: 'a', mode: 'exclusive' }], never)
  const controller = new AbortController()
  const second = holds.acquire([{ key: 'a', mode: 'exclusive' }], controller.signal)
  controller.abort(new Error('called off'))
  await assert.rejects(second, /called off/)
  first.release()
  const third = await holds.acquire([{ key: 'a', mode: 'exclusive' }], never)
  assert.equal(third.waited, false)
})
