import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { commandLine } from '../../base/shell.ts'
import { words } from './words.ts'

test('a line is split into words like in a real shell', () => {
  const line = String.raw`one 'two three' "fo\"ur" fi\ ve "s\$ix" '' "a"'b'c \\ "back\slash"`
  const said = execFileSync('/bin/sh', ['-c', `printf '%s\\n' ${line}`], { encoding: 'utf8' })
  assert.deepEqual(words(line), said.slice(0, -1).split('\n'))
})

test('any quoted text is split into the original words', () => {
  const argv = fc.array(
    fc.string({ unit: 'grapheme' }).filter((word) => !word.includes('\0')),
    { minLength: 1 },
  )
  fc.assert(fc.property(argv, (list) => assert.deepEqual(words(commandLine(list)), list)))
})

test('an open quote differs from an empty line', () => {
  assert.equal(words(`a "b`), undefined)
  assert.deepEqual(words('  '), [])
})
