import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { type IniRequest, withOption } from './ini.ts'

const base: IniRequest = {
  section: 'a',
  option: 'x',
  value: '1',
  state: 'present',
  exclusive: true,
  separator: ' = ',
}

const cases: readonly [says: string, text: string, request: Partial<IniRequest>, after: string][] = [
  ['is added in a new section', '', {}, '[a]\nx = 1\n'],
  [
    'is added after the last line of its section',
    '[a]\ny=2\n\n[b]\nx=2\n',
    {},
    '[a]\ny=2\nx = 1\n\n[b]\nx=2\n',
  ],
  ['is added to an empty section', '[a]\n[b]\n', {}, '[a]\nx = 1\n[b]\n'],
  ['is added before the first section', '[a]\n', { section: undefined }, 'x = 1\n[a]\n'],
  ['is changed', '[a]\nx=2\ny=2', {}, '[a]\nx = 1\ny=2'],
  ['is kept in any spelling', '[a]\n  x=1 \n', {}, '[a]\n  x=1 \n'],
  ['is kept, and other lines with it go', '[a]\nx=2\nx=1\n', {}, '[a]\nx=1\n'],
  ['is added beside others', '[a]\nx=2\n', { exclusive: false }, '[a]\nx=2\nx = 1\n'],
  ['is not taken for its comment', '[a]\n#x=1\n; x = 1\n', {}, '[a]\n#x=1\n; x = 1\nx = 1\n'],
  ['is not taken for a longer one', '[a]\nxx=1\n', {}, '[a]\nxx=1\nx = 1\n'],
  ['is found in the second section of a name', '[a]\n[b]\n[a]\nx=2\n', {}, '[a]\n[b]\n[a]\nx = 1\n'],
  ['keeps the = of its value', '[a]\n', { value: 'b=c' }, '[a]\nx = b=c\n'],
  ['has no spaces', '[a]\n', { separator: '=' }, '[a]\nx=1\n'],
  ['has no value', '[a]\n', { value: undefined }, '[a]\nx\n'],
  ['is removed', '[a]\nx=2\ny=2\nx=1\n', { state: 'absent', value: undefined }, '[a]\ny=2\n'],
  ['is removed with one value', '[a]\nx=2\nx=1\n', { state: 'absent', exclusive: false }, '[a]\nx=2\n'],
  ['is removed only from its section', '[b]\nx=1\n', { state: 'absent' }, '[b]\nx=1\n'],
  ['and its section', '[b]\n', { option: undefined }, '[b]\n[a]\n'],
  ['and a section with a comment', '[a] # c\n', { option: undefined }, '[a] # c\n'],
  [
    'and a removed section',
    'z=1\n[a]\nx=1\n[b]\n[a]\n',
    { option: undefined, state: 'absent' },
    'z=1\n[b]\n',
  ],
  ['gets the Windows line ends of the file', '[a]\r\n', {}, '[a]\r\nx = 1\r\n'],
]

for (const [says, text, request, after] of cases) {
  test(`an option ${says}`, () => assert.equal(withOption(text, { ...base, ...request }), after))
}

test('a line that continues on the next one is not changed', () => {
  const text = '[a]\nx=2 \\\n  3\n'
  const wrong = 'line 2 sets x and continues on the next line'
  assert.deepEqual(withOption(text, base), { wrong })
  assert.deepEqual(withOption(text, { ...base, state: 'absent' }), { wrong })
})

test('law: a second edit changes nothing', () => {
  const line = fc.constantFrom('[a]', '[b]', 'x=1', 'x = 2', 'y=1', '#x=1', '', 'x', ' x=1')
  const request = fc.record({
    section: fc.constantFrom('a', 'b', undefined),
    option: fc.constantFrom('x', 'y'),
    value: fc.constantFrom('1', '2', undefined),
    state: fc.constantFrom('present' as const, 'absent' as const),
    exclusive: fc.boolean(),
    separator: fc.constant('='),
  })
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), request, (lines, wanted) => {
      const once = withOption(lines.join('\n'), wanted)
      assert.ok(typeof once === 'string')
      assert.equal(withOption(once, wanted), once)
    }),
  )
})
