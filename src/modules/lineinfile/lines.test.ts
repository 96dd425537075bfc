import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type LineRequest, withLine } from './lines.ts'

const find =
  (pattern: RegExp) =>
  (line: string): boolean =>
    pattern.test(line)
const base: LineRequest = {
  state: 'present',
  line: undefined,
  matches: undefined,
  rewrite: undefined,
  first: false,
  after: undefined,
  before: undefined,
}

const cases: readonly [says: string, text: string, request: Partial<LineRequest>, after: string][] = [
  ['is added at the end', 'a\n', { line: 'b' }, 'a\nb\n'],
  ['is added to an empty text', '', { line: 'b' }, 'b\n'],
  ['is added after the missing end of the last line', 'a', { line: 'b' }, 'a\nb\n'],
  ['is not added if it exists', 'b\na', { line: 'b' }, 'b\na'],
  ['replaces the last match', 'p 1\np 2\nq\n', { line: 'p 3', matches: find(/^p/) }, 'p 1\np 3\nq\n'],
  ['keeps a missing line end', 'q\np 1', { line: 'p 2', matches: find(/^p/) }, 'q\np 2'],
  ['keeps Windows line ends', 'p 1\r\nq\r\n', { line: 'p 2', matches: find(/^p/) }, 'p 2\r\nq\r\n'],
  ['is added after a match', 'a\nb\nc\n', { line: 'x', after: find(/a|b/) }, 'a\nb\nx\nc\n'],
  ['is added before a match', 'a\nb\nc\n', { line: 'x', before: find(/b/) }, 'a\nx\nb\nc\n'],
  ['is added at the beginning', 'a\n', { line: 'x', before: 'BOF' }, 'x\na\n'],
  ['is added at the end if nothing matches', 'a\n', { line: 'x', after: find(/none/) }, 'a\nx\n'],
  ['replaces only the last matching comment', '#p\n#p\n', { line: 'p 1', matches: find(/^#p/) }, '#p\np 1\n'],
  [
    'is removed wherever the pattern matches',
    'p 1\na\np 2\n',
    { state: 'absent', matches: find(/^p/) },
    'a\n',
  ],
  ['replaces the first match', 'p 1\np 2\n', { line: 'p 3', matches: find(/^p/), first: true }, 'p 3\np 2\n'],
  [
    'is added after the first match',
    'a\nb\na\n',
    { line: 'x', after: find(/a/), first: true },
    'a\nx\nb\na\n',
  ],
  [
    'is added before the first match',
    'b\na\na\n',
    { line: 'x', before: find(/a/), first: true },
    'b\nx\na\na\n',
  ],
  [
    'rewrites a match and keeps its missing end',
    'q\np 1',
    { matches: find(/^p/), rewrite: (line) => `${line}!` },
    'q\np 1!',
  ],
  ['is not added if nothing can be rewritten', 'q\n', { matches: find(/^p/), rewrite: () => 'x' }, 'q\n'],
  ['is removed wherever it occurs', 'a\r\nb\na\n', { state: 'absent', line: 'a' }, 'b\n'],
]

for (const [says, text, request, after] of cases) {
  test(`a line: ${says}`, () => assert.equal(withLine(text, { ...base, ...request }), after))
}

test('law: a second edit changes nothing, for any text, line and pattern', () => {
  const alphabet = fc.constantFrom('a', 'b', '#', ' ', '\n', '\r\n', 'é', '=')
  const text = fc.array(alphabet, { maxLength: 40 }).map((parts) => parts.join(''))
  const line = fc
    .array(fc.constantFrom('a', 'b', '#', ' ', 'é', '='), { maxLength: 6 })
    .map((parts) => parts.join(''))
  const pattern = fc.option(
    fc.constantFrom(/a/, /^#/, /^$/, /b$/, /^a/, /./).map((expression) => find(expression)),
    { nil: undefined },
  )
  fc.assert(
    fc.property(
      text,
      fc.record({
        state: fc.constantFrom('present' as const, 'absent' as const),
        line,
        matches: pattern,
        rewrite: fc.constant(undefined),
        first: fc.boolean(),
        after: pattern,
        before: fc.option(fc.constant('BOF' as const), { nil: undefined }),
      }),
      (before, request) => {
        const once = withLine(before, request)
        assert.equal(withLine(once, request), once)
        if (request.state === 'present')
          assert.ok(once.split(/\r?\n/).includes(request.line), 'the line is there')
      },
    ),
  )
})

test('law: other lines keep their bytes', () => {
  const other = fc.constantFrom('x', 'y\r', '  z', '', '\u00e9')
  fc.assert(
    fc.property(fc.array(other, { maxLength: 10 }), (lines) => {
      const text = lines.map((each) => `${each}\n`).join('')
      const after = withLine(text, { ...base, line: 'new', matches: find(/^new/) })
      assert.equal(after, `${text}new${text.startsWith('y\r\n') ? '\r\n' : '\n'}`)
    }),
  )
})
