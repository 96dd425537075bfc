import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAsking } from './confirmations.ts'
import { createEmitter } from '../events/emitter.ts'
import type { Event } from '../events/events.ts'
import { createSecrets } from '../base/secrets.ts'

function emitterInto(events: Event[]): ReturnType<typeof createEmitter> {
  return createEmitter({
    run: 'r',
    now: () => new Date(0),
    sinks: [(event) => void events.push(event)],
    secrets: createSecrets(),
  })
}

test('simultaneous questions of two hosts are asked one after the other', async () => {
  const events: Event[] = []
  const answers: ((yes: boolean) => void)[] = []
  const ask = createAsking({
    confirm: () => new Promise((resolve) => answers.push(resolve)),
    emitter: emitterInto(events),
    signal: new AbortController().signal,
  })
  const both = [ask('pve1')('Restart pve1?'), ask('pve2')('Restart pve2?')]
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(answers.length, 1)
  answers[0]?.(true)
  assert.equal(await both[0], true)
  await new Promise((resolve) => setImmediate(resolve))
  answers[1]?.(false)
  assert.equal(await both[1], false)
  assert.deepEqual(
    events.map((event) => [event.type, 'host' in event ? event.host : '']),
    [
      ['prompt.started', 'pve1'],
      ['prompt.finished', 'pve1'],
      ['prompt.started', 'pve2'],
      ['prompt.finished', 'pve2'],
    ],
  )
})

test('after an interruption no question is asked, and a late yes counts as no', async () => {
  const stop = new AbortController()
  const confirm = (): Promise<boolean> => {
    stop.abort()
    return Promise.resolve(true)
  }
  const ask = createAsking({ confirm, emitter: emitterInto([]), signal: stop.signal })
  assert.equal(await ask('pve1')('Restart?'), false)
  const events: Event[] = []
  assert.equal(
    await createAsking({ confirm, emitter: emitterInto(events), signal: stop.signal })('pve1')('?'),
    false,
  )
  assert.deepEqual(events, [])
})
