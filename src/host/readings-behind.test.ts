import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Action } from './action.ts'
import type { HostReader } from './reader.ts'
import { createReadings } from './readings.ts'
import { frames, node, reading } from './testing/reading.ts'
import { scratch } from './testing/scratch.ts'

test('when an action is done, answers that were asked after it by the same user are kept, others are dropped', async () => {
  using dir = scratch()
  const path = dir.path('a')
  writeFileSync(path, 'first')
  const book = createReadings()
  const { reader, shell } = reading(book, undefined, 'me')
  const { reader: other, shell: others } = reading(book, undefined, 'you')
  const action: Action = { kind: 'writeFile', path, content: { kind: 'text', text: 'x' } }
  reader.readings.dropFor(action, node)
  const ask = (one: HostReader) => (): Promise<unknown> => one.view().stat(path)
  await Promise.all([ask(reader)(), ask(other)()])
  reader.readings.dropFor(action, node, { user: 'me' })
  assert.deepEqual([await frames(shell, ask(reader)), await frames(others, ask(other))], [0, 1])
  reader.readings.dropFor(action, node)
  assert.deepEqual([await frames(shell, ask(reader)), await frames(others, ask(other))], [1, 1])
})
