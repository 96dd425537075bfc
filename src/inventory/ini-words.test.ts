import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { wordsOf } from './ini-words.ts'

const lines: readonly (readonly [line: string, words: readonly string[] | undefined])[] = [
  ['a b=c  d=e', ['a', 'b=c', 'd=e']],
  ["g=x'y z'w", ['g=xy zw']],
  ['q=a\\b', ['q=ab']],
  ['e=a\\ b', ['e=a b']],
  ['f="a\\"b\\c"', ['f=a"b\\c']],
  ["f='a\\\"b'", ['f=a\\"b']],
  ['i=foo#bar baz', ['i=foo']],
  ['i="foo # bar" # x', ['i=foo # bar']],
  ['a # x', ['a']],
  [`x="[{'a': 1}]"`, [`x=[{'a': 1}]`]],
  [`x=[{'a': 1}, "b"] y=1`, [`x=[{'a': 1}, "b"]`, 'y=1']],
  ['u=http://{{ host }}:80/ y=1', ['u=http://{{ host }}:80/', 'y=1']],
  ['x=[a y=1', ['x=[a', 'y=1']],
  [`x=['a']b y=1`, ['x=[a]b', 'y=1']],
  ['web[1:3]', ['web[1:3]']],
  ['x=""', ['x=']],
  ['x="a', undefined],
  ['x=a\\', undefined],
]

for (const [line, words] of lines) {
  test(`${line} is split into ${words?.length ?? 'no'} words`, () => {
    assert.deepEqual(
      wordsOf(line)?.map(({ text }) => text),
      words,
    )
  })
}

test('every character of a word has its column in the line', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('a', '=', ' ', '"', "'", '\\', '#', '{', '}') }),
      (line) => {
        for (const { text, start, end, offsets } of wordsOf(line) ?? []) {
          assert.equal(offsets.map((offset) => line[offset]).join(''), text)
          assert.ok(offsets.every((offset) => offset >= start && offset < end))
        }
      },
    ),
  )
})
