import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../base/secret.ts'
import { createEmitter } from './emitter.ts'
import type { Event } from './events.ts'
import { createSecrets } from '../base/secrets.ts'

test('every sink gets every event, numbered without gaps, with its time, and without secrets', () => {
  const secrets = createSecrets()
  secrets.add(new Secret('opensesame'))
  const sinks: Event[][] = [[], []]
  const emitter = createEmitter({
    run: 'r1',
    now: () => new Date(0),
    secrets,
    sinks: sinks.map((events) => (event: Event) => void events.push(event)),
  })
  emitter.emit({ type: 'warning', message: 'the door says opensesame' })
  emitter.emit({ type: 'play.finished', play: 'P' })
  assert.deepEqual(sinks[0], [
    {
      v: 1,
      run: 'r1',
      seq: 1,
      time: '1970-01-01T00:00:00.000Z',
      type: 'warning',
      message: 'the door says (secret)',
    },
    { v: 1, run: 'r1', seq: 2, time: '1970-01-01T00:00:00.000Z', type: 'play.finished', play: 'P' },
  ])
  assert.deepEqual(sinks[1], sinks[0])
})
