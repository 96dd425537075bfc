import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lastSaid } from './said.ts'

test('the excerpt of an output starts at the beginning of a line', () => {
  assert.equal(lastSaid(`${'x'.repeat(390)}\r\nsecond line\nthe end\n`), 'second line\nthe end')
  assert.equal(lastSaid(' short \n'), 'short')
  assert.equal(lastSaid('y'.repeat(900)), `${'y'.repeat(400)}...`)
})
