import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numbered, started } from '../view/testing/sample-events.ts'
import { readEvent } from './read-event.ts'

test('an event is read as it was printed', () => {
  const [event] = numbered([started(['pve1'])])
  assert.deepEqual(readEvent(JSON.stringify(event)), event)
})

test('what is not an event of this version is none', () => {
  for (const line of [
    '',
    '{"v":1,"type":"run.sta',
    '[]',
    'null',
    '{"v":2,"type":"warning"}',
    '{"v":1,"type":"later"}',
  ])
    assert.equal(readEvent(line), undefined, line)
})
