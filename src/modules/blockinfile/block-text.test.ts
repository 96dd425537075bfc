import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type BlockRequest, withBlock } from './block-text.ts'

const base: BlockRequest = {
  begin: '# BEGIN',
  end: '# END',
  block: ['x', 'y'],
  place: { first: false, after: undefined, before: undefined },
}
const is =
  (wanted: string) =>
  (line: string): boolean =>
    line === wanted

const cases: readonly [says: string, text: string, request: Partial<BlockRequest>, after: string][] = [
  ['is added at the end', 'a\n', {}, 'a\n# BEGIN\nx\ny\n# END\n'],
  ['is added to an empty text', '', {}, '# BEGIN\nx\ny\n# END\n'],
  ['is added after the missing end of the last line', 'a', {}, 'a\n# BEGIN\nx\ny\n# END\n'],
  [
    'is added after a match',
    'a\nb\na\nc\n',
    { place: { first: false, after: is('a'), before: undefined } },
    'a\nb\na\n# BEGIN\nx\ny\n# END\nc\n',
  ],
  [
    'is added at the beginning',
    'a\n',
    { place: { first: false, after: undefined, before: 'BOF' } },
    '# BEGIN\nx\ny\n# END\na\n',
  ],
  [
    'is replaced where it is',
    '# BEGIN\nold\n# END\na\n',
    { place: { first: false, after: 'EOF', before: undefined } },
    '# BEGIN\nx\ny\n# END\na\n',
  ],
  ['keeps a missing line end', 'a\n# BEGIN\n# END', {}, 'a\n# BEGIN\nx\ny\n# END'],
  ['gets the Windows line ends of the file', 'a\r\n', {}, 'a\r\n# BEGIN\r\nx\r\ny\r\n# END\r\n'],
  ['is removed with its markers', 'a\n# BEGIN\nx\n# END\nb\n', { block: undefined }, 'a\nb\n'],
  ['is removed only if it is there', 'a\nx\n', { block: undefined }, 'a\nx\n'],
]

for (const [says, text, request, after] of cases) {
  test(`a block: ${says}`, () => assert.equal(withBlock(text, { ...base, ...request }), after))
}

test('markers that do not enclose one block are refused', () => {
  for (const [text, wrong] of [
    ['# BEGIN\nx\n', 'there is a line "# BEGIN", but no line "# END"'],
    ['x\n# END\n', 'there is a line "# END", but no line "# BEGIN"'],
    ['# END\n# BEGIN\n', 'the line "# END" comes before the line "# BEGIN"'],
    ['# BEGIN\n# END\n# BEGIN\n# END\n', 'there is more than one line "# BEGIN"'],
  ])
    assert.deepEqual(withBlock(text ?? '', base), { wrong })
  assert.deepEqual(withBlock('', { ...base, block: ['# END'] }), {
    wrong: '`block` contains the marker "# END"',
  })
  assert.deepEqual(withBlock('', { ...base, end: '# BEGIN' }), {
    wrong: '`marker_begin` and `marker_end` must differ',
  })
})

test('law: a second edit changes nothing, and other lines keep their bytes', () => {
  const other = fc.constantFrom('x', 'y\r', '  z', '', 'é')
  const block = fc.option(fc.array(fc.constantFrom('x', '', ' y', '#'), { maxLength: 4 }), { nil: undefined })
  const matcher = fc.option(fc.constantFrom(is('x'), is(''), is('none')), { nil: undefined })
  fc.assert(
    fc.property(
      fc.array(other, { maxLength: 8 }),
      fc.record({
        block,
        place: fc.record({ first: fc.constant(false), after: matcher, before: fc.constant(undefined) }),
      }),
      fc.boolean(),
      (lines, request, ended) => {
        const text = lines.join('\n') + (ended && lines.length > 0 ? '\n' : '')
        const wanted = { ...base, ...request }
        const once = withBlock(text, wanted)
        assert.ok(typeof once === 'string')
        assert.equal(withBlock(once, wanted), once)
        const without = withBlock(once, { ...wanted, block: undefined })
        assert.ok(without === text || without === `${text}\n` || without === `${text}\r\n`)
      },
    ),
  )
})
