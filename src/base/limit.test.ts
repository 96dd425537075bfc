import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { createLimit } from './limit.ts'

test('at most the given number of jobs run at a time, in order, and a failed job frees its place', async () => {
  const limit = createLimit(2)
  const begun: number[] = []
  let now = 0
  let most = 0
  const work = async (number: number): Promise<number> => {
    begun.push(number)
    now += 1
    most = Math.max(most, now)
    await turn()
    now -= 1
    if (number === 1) throw new Error('no')
    return number
  }
  const results = await Promise.allSettled([0, 1, 2, 3, 4].map((number) => limit(() => work(number))))
  assert.deepEqual(begun, [0, 1, 2, 3, 4])
  assert.equal(most, 2)
  assert.deepEqual(
    results.map((result) => (result.status === 'fulfilled' ? result.value : 'failed')),
    [0, 'failed', 2, 3, 4],
  )
})
