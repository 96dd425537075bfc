import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unknown } from '../base/unknown.ts'
import { loopResult, worstOutcome } from './results.ts'

test('a loop changed when one of its items did, whatever the others are', () => {
  const result = loopResult([{ changed: new Unknown('x') }, { changed: true }, { changed: false }])
  assert.equal(result['changed'], true)
})

test('a loop is unknown when an item is and none has changed', () => {
  assert.ok(loopResult([{ changed: false }, { changed: new Unknown('x') }])['changed'] instanceof Unknown)
})

test('a loop over nothing is neither changed nor skipped', () => {
  assert.deepEqual(loopResult([]), {
    results: [],
    changed: false,
    failed: false,
    skipped: false,
    msg: '',
  })
})

test('the worst outcome of the items is that of the loop', () => {
  assert.equal(worstOutcome(['ok', 'changed', 'failed']), 'failed')
  assert.equal(worstOutcome(['ok', 'unknown', 'skipped']), 'unknown')
  assert.equal(worstOutcome(['skipped', 'skipped']), 'skipped')
  assert.equal(worstOutcome([]), 'skipped')
})
