/**
 * Fuzzes the parsers of answers from hosts for a few seconds; `npm run soak` does it longer. Earlier findings
 * are in `fuzz/findings`.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fuzz } from './fuzz/fuzz.ts'
import { targets } from './fuzz/targets.ts'

const milliseconds = 1000 * Number(process.env['GPUPLAY_SOAK_FUZZ'] ?? 3)
const seed = Number(process.env['GPUPLAY_SOAK_SEED'] ?? 1)

for (const name of Object.keys(targets)) {
  test(`no input makes ${name} fail, from seed ${seed}`, async (t) => {
    const { runs, blocks, failure } = await fuzz(name, { seed, milliseconds })
    t.diagnostic(`${runs} inputs, ${blocks} blocks reached`)
    assert.equal(failure, undefined)
    assert.ok(runs > 0)
  })
}
