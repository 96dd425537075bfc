import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duration, table } from './text.ts'

test('columns align on a terminal for all characters', () => {
  assert.deepEqual(
    table([
      ['name', 'state'],
      ['日本', 'ok'],
      ['cafe\u0301', 'ok'],
      ['😀', 'ok'],
    ]),
    ['name  state', '日本  ok', 'cafe\u0301  ok', '😀    ok'],
  )
})

for (const [milliseconds, text] of [
  [0, '0.0 s'],
  [440, '0.4 s'],
  [9940, '9.9 s'],
  [9960, '10 s'],
  [59_400, '59 s'],
  [59_700, '1 min 0 s'],
  [185_000, '3 min 5 s'],
  [3_660_000, '61 min 0 s'],
] as const) {
  test(`${milliseconds} ms are ${text}`, () => {
    assert.equal(duration(milliseconds), text)
  })
}
