import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createJsonlView } from './jsonl.ts'
import { noCounts } from '../events/events.ts'
import { finished, numbered, started, taskFinished, taskRef } from './testing/sample-events.ts'

test('every event is one line of JSON, even if its text has line ends, and run.finished is the last', async () => {
  const hosts = { pve1: { ...noCounts, failed: 1 } }
  const events = numbered([
    started(['pve1']),
    taskFinished('pve1', taskRef('Greet'), 'ok', { detail: { message: 'two\nlines\u2028and more' } }),
    finished({ hosts, exitCode: 7 }),
  ])
  let text = ''
  const view = createJsonlView((part) => {
    text += part
  })
  for (const event of events) view.take(event)
  await view.close()
  const lines = text.split('\n')
  assert.equal(lines.pop(), '')
  assert.deepEqual(
    lines.map((line): unknown => JSON.parse(line)),
    events,
  )
})
