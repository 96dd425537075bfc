/**
 * For any answers of a host, a module plans, refuses or fails with a message, but never throws another error.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assert as check, asyncProperty, uint8Array } from 'fast-check'
import { modules } from './catalogue.ts'
import { askAndPlan, tried } from './testing/hostile.ts'

const runs = Number(process.env['GPUPLAY_HOSTILE_RUNS'] ?? 150)

describe('on a host with meaningless answers', () => {
  for (const { name } of modules) {
    test(`${name} plans, refuses or fails with a message`, async () => {
      const own = tried.filter(({ module }) => module.name === name)
      assert.notEqual(own.length, 0, `src/modules/testing/hostile.ts needs arguments for ${name}`)
      for (const { module, args } of own)
        await check(
          asyncProperty(uint8Array({ minLength: 20, maxLength: 400 }), (bytes) =>
            askAndPlan(module, args, bytes),
          ),
          { numRuns: runs },
        )
    })
  }
})
