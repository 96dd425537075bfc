import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duration } from './duration.ts'
import { table } from './text.ts'

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

/** The widths that the package string-width gives. */
const widths: Readonly<Record<number, readonly string[]>> = {
  0: ['', '\u200b', '\u0301', '\ufe0f'],
  1: [
    'a',
    '\u00fc',
    'u\u0308',
    'e\u0323\u0301',
    'a\ufe0f',
    '\u26a0',
    '\u2764',
    '\u2026',
    '\u2460',
    '\u{1d4b3}',
    '\ufdfd',
  ],
  2: [
    'a\u00adb',
    '\u65e5',
    '\uac00',
    '\u1100\u1161',
    '\u{20000}',
    '\u3000',
    '\uff76\uff9e',
    '\u{1f44d}',
    '\u{1f44d}\u{1f3fd}',
    '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
    '\u{1f1e9}\u{1f1ea}',
    '\u2764\ufe0f',
    '1\ufe0f\u20e3',
    '\u{1f3f4}\u{e0067}\u{e0062}\u{e007f}',
  ],
  3: ['\u0928\u092e\u0938\u094d\u0924\u0947'],
  4: ['\u65e5\u672c', '\uff8a\uff9d\uff76\uff78'],
}

test('columns of a table are aligned whatever characters and emoji their cells contain', () => {
  for (const [width, texts] of Object.entries(widths)) {
    for (const text of texts) {
      const [line] = table([
        [text, '|'],
        ['-'.repeat(10), '|'],
      ])
      assert.equal(line, `${text}${' '.repeat(12 - Number(width))}|`, JSON.stringify(text))
    }
  }
})
