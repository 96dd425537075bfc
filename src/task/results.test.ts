import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unknown } from '../base/unknown.ts'
import { loopResult, worstOutcome } from './results.ts'

test('a loop is changed if one of its items is', () => {
  const result = loopResult([{ changed: new Unknown('x') }, { changed: true }, { changed: false }])
  assert.equal(result['changed'], true)
})

test('a loop is unknown if an item is and none is changed', () => {
  assert.ok(loopResult([{ changed: false }, { changed: new Unknown('x') }])['changed'] instanceof Unknown)
})

test('an empty loop is neither changed nor skipped', () => {
  assert.deepEqual(loopResult([]), {
    results: [],
    changed: false,
    failed: false,
    skipped: false,
    msg: '',
  })
})

test('the outcome of a loop is the worst of its items', () => {
  assert.equal(worstOutcome(['ok', 'changed', 'failed']), 'failed')
  assert.equal(worstOutcome(['ok', 'unknown', 'skipped']), 'unknown')
  assert.equal(worstOutcome(['skipped', 'skipped']), 'skipped')
  assert.equal(worstOutcome([]), 'skipped')
})
