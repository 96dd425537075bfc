/**
 * Generated playbooks give the same result in windows, task by task and as an applied plan, and match their dry
 * run. `npm run soak` runs many more.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { assert as check, asyncProperty } from 'fast-check'
import { compare } from './compare.ts'
import { playbooks } from './playbooks.ts'

const runs = Number(process.env['GPUPLAY_SOAK_PLAYBOOKS'] ?? 30)
const seed = Number(process.env['GPUPLAY_SOAK_SEED'] ?? 1)

test(`${runs} playbooks, from seed ${seed}`, async () => {
  await check(asyncProperty(playbooks, compare), {
    numRuns: runs,
    seed,
    endOnFailure: false,
    includeErrorInReport: true,
  })
  await noProgramIsLeft()
})

/** A shell that a run does not close would prevent gpuplay from exiting. */
async function noProgramIsLeft(): Promise<void> {
  const left = (): number => process.getActiveResourcesInfo().filter((what) => what === 'ProcessWrap').length
  for (let attempt = 0; attempt < 20 && left() > 0; attempt++) await sleep(100)
  assert.equal(left(), 0, 'programs that a run has started and not ended')
}
