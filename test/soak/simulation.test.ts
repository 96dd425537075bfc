/**
 * Runs the engine with machines in memory, a simulated clock, and faults from a seed: lost connections,
 * kills, changes by others, slow machines, leases of other runs, failures. `npm run soak` runs many more
 * seeds; `GPUPLAY_SOAK_SEED=N` sets the seed.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { simulateMany } from './simulation/many.ts'
import { simulate } from './simulation/simulate.ts'

const only = process.env['GPUPLAY_SOAK_SEED']
const count = only === undefined ? Number(process.env['GPUPLAY_SOAK_SIMULATIONS'] ?? 100) : 1
const first = Number(only ?? 1)

test(`${count} simulations, from seed ${first}`, async () => {
  const failed = await simulateMany(first, count)
  assert.equal(failed.length, 0, failed.join('\n'))
})

test('the same seed gives the same run', async () => {
  const result = async (): Promise<unknown> => {
    const { runs, deeds } = await simulate(first)
    return { deeds, events: runs.map(({ events }) => events) }
  }
  assert.deepEqual(await result(), await result())
})
