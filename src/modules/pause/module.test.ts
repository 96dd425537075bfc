import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, converge } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { pause } from './module.ts'

test('pause plans to wait, and to ask first', async () => {
  for (const [given, wanted] of [
    [{ seconds: 5 }, { seconds: 5 }],
    [{ minutes: 2 }, { seconds: 120 }],
    [{ prompt: 'Go on?' }, { seconds: 0, question: 'Go on?' }],
    [
      { prompt: 'Go on?', seconds: 1 },
      { seconds: 1, question: 'Go on?' },
    ],
  ] as const) {
    const { end, actions, report } = await converge(pause, given, fakeWorld())
    assert.deepEqual(end.pause, wanted)
    assert.deepEqual(actions, [])
    assert.deepEqual(report, { seconds: wanted.seconds })
  }
})

test('a pause without an end, or with two, is a mistake', () => {
  assert.throws(() => completed(pause, {}))
  assert.throws(() => completed(pause, { seconds: 1, minutes: 1 }))
})
