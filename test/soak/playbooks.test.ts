/** Made-up playbooks end alike in windows and task by task, and as their dry run said. `npm run soak` takes many more, each with its seed. */
import { test } from 'node:test'
import { assert as check, asyncProperty } from 'fast-check'
import { compare } from './compare.ts'
import { playbooks } from './playbooks.ts'

const runs = Number(process.env['GPUPLAY_SOAK_PLAYBOOKS'] ?? 40)
const seed = Number(process.env['GPUPLAY_SOAK_SEED'] ?? Date.now() % 1_000_000)

test(`${runs} playbooks, from seed ${seed}`, async () => {
  await check(asyncProperty(playbooks, compare), {
    numRuns: runs,
    seed,
    endOnFailure: false,
    includeErrorInReport: true,
  })
})
