import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { Action } from './action.ts'
import type { HostReader } from './reader.ts'
import { createAnswerStore } from './kept-answers.ts'
import { node } from './testing/places.ts'
import { framesFor, reading } from './testing/reading.ts'
import { scratch } from './testing/scratch.ts'

test('when an action is done, answers that were asked after it by the same user are kept, others are dropped', async () => {
  using dir = scratch()
  const path = dir.path('a')
  writeFileSync(path, 'first')
  const book = createAnswerStore()
  const { reader, shell } = reading(book, undefined, 'me')
  const { reader: other, shell: others } = reading(book, undefined, 'you')
  const action: Action = { kind: 'writeFile', path, content: { kind: 'text', text: 'x' } }
  reader.answers.dropFor(action, node)
  const ask = (one: HostReader) => (): Promise<unknown> => one.view().stat(path)
  await Promise.all([ask(reader)(), ask(other)()])
  reader.answers.dropFor(action, node, { user: 'me' })
  assert.deepEqual([await framesFor(shell, ask(reader)), await framesFor(others, ask(other))], [0, 1])
  reader.answers.dropFor(action, node)
  assert.deepEqual([await framesFor(shell, ask(reader)), await framesFor(others, ask(other))], [1, 1])
})
