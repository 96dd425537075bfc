import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  diffLine,
  headLabel,
  outcomes,
  outcomeWord,
  share,
  shortId,
  signOf,
  sinceStart,
  timeLabel,
  worstOf,
} from './page-words.ts'

test('every outcome has a sign of its own', () => {
  assert.equal(new Set(outcomes.map(signOf)).size, outcomes.length)
})

test('a dry run says what would happen', () => {
  assert.deepEqual(
    [outcomeWord('changed', true), outcomeWord('unknown', true), outcomeWord('changed', false)],
    ['would change', 'may run', 'changed'],
  )
})

test('the worst outcome of several is shown', () => {
  assert.equal(worstOf(['ok', 'failed', 'changed']), 'failed')
  assert.equal(worstOf([]), undefined)
})

test('times since the start are minutes and seconds', () => {
  assert.deepEqual([0, 5999, 750_000, 3_723_000].map(sinceStart), ['0:00', '0:05', '12:30', '1:02:03'])
})

test('labels of an axis are different if they are less than a second apart', () => {
  assert.deepEqual(
    [timeLabel(5000, 5000), timeLabel(5500, 500), timeLabel(61_020, 20)],
    ['0:05', '0:05.5', '1:01.020'],
  )
})

test('the head of a column has the role only where it changes', () => {
  const names = ['cuda : Read', 'cuda : Write', 'Say : it', 'host : Write', 'pve1']
  assert.deepEqual(
    names.map((name, index) => headLabel(name, names[index - 1])),
    ['cuda : Read', 'Write', 'Say : it', 'host : Write', 'pve1'],
  )
})

test('shares of nothing are not numbers', () => {
  assert.deepEqual([share(1, 3), share(0, 0)], ['33 %', '-'])
})

test('long IDs are cut, PCI addresses are not', () => {
  assert.equal(shortId('GPU-3f2a1b7c-0000-1111-2222-333344445555'), 'GPU-3f2a1b7c\u2026')
  assert.equal(shortId('0000:01:00.0'), '0000:01:00.0')
})

test('lines of a diff are told apart', () => {
  assert.deepEqual(['--- a', '+++ b', '@@ -1 +1 @@', '-a', '+b', ' c'].map(diffLine), [
    'head',
    'head',
    'hunk',
    'removed',
    'added',
    undefined,
  ])
})
