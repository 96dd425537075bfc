/** Whatever a host answers, a module plans, refuses or fails with a sentence: none breaks. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assert as check, asyncProperty, uint8Array } from 'fast-check'
import { modules } from './catalogue.ts'
import { askAndPlan, given, moduleOf } from './testing/hostile.ts'

const runs = Number(process.env['GPUPLAY_HOSTILE_RUNS'] ?? 150)

describe('on a host whose answers mean nothing', () => {
  test('every module is tried', () => {
    assert.deepEqual(Object.keys(given).sort(), modules.map(({ name }) => name).sort())
  })

  for (const [name, all] of Object.entries(given)) {
    test(`${name} plans, refuses or fails with a sentence`, async () => {
      for (const args of all)
        await check(
          asyncProperty(uint8Array({ minLength: 20, maxLength: 400 }), (bytes) =>
            askAndPlan(moduleOf(name), args, bytes),
          ),
          { numRuns: runs },
        )
    })
  }
})
