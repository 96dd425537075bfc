import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { lossyLineOf } from './lossy.ts'
import { reading } from './testing/reading.ts'
import { scratch } from './testing/scratch.ts'

const latin1 = (text: string): Buffer => Buffer.from(text, 'latin1')

test('the first line that is not UTF-8 is found', () => {
  assert.equal(lossyLineOf(Buffer.from('café\n\u{fffd}\n')), undefined)
  assert.equal(lossyLineOf(Buffer.alloc(0)), undefined)
  assert.equal(lossyLineOf(latin1('caf\u{e9}')), 1)
  assert.equal(lossyLineOf(latin1('a\n\ncaf\u{e9}\nb\n\u{ff}')), 3)
  assert.equal(lossyLineOf(Buffer.concat([Buffer.from('\u{fffd}\n'), latin1('\u{ff}\n')])), 2)
})

test('a reading knows which files are not all in their texts', async () => {
  using dir = scratch()
  writeFileSync(dir.path('latin1'), latin1('a\ncaf\u{e9}\n'))
  writeFileSync(dir.path('utf8'), '\u{fffd}\n')
  const task = reading().reader.forTask()
  for (const name of ['latin1', 'utf8']) await task.host.text(dir.path(name))
  await task.host.stat(dir.path('latin1'))
  const lines = ['latin1', 'utf8'].map((name) => task.touched().get(`pve1 file:${dir.path(name)}`)?.lossyLine)
  assert.deepEqual(lines, [2, undefined])
})
