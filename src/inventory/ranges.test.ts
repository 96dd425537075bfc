import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { expandRanges, RangeError } from './ranges.ts'

const names: readonly (readonly [name: string, expanded: readonly string[]])[] = [
  ['web1', ['web1']],
  ['web[1:3]', ['web1', 'web2', 'web3']],
  ['web[08:11]x', ['web08x', 'web09x', 'web10x', 'web11x']],
  ['r[a:c]', ['ra', 'rb', 'rc']],
  ['r[A:B][1:2]', ['rA1', 'rA2', 'rB1', 'rB2']],
  ['n[0:10:5]', ['n0', 'n5', 'n10']],
  ['n[:2]', ['n0', 'n1', 'n2']],
]

for (const [name, expanded] of names) {
  test(`${name} expands to ${expanded.join(' ')}`, () => {
    assert.deepEqual(expandRanges(name), expanded)
  })
}

for (const name of [
  'a[3:1]',
  'a[1:b]',
  'a[a:C]',
  'a[1:2:0]',
  'a[1:2:3:4]',
  'a[01:100]',
  'a[0:999999]',
  'a[1:200][1:200]',
]) {
  test(`${name} is refused`, () => {
    assert.throws(() => expandRanges(name), RangeError)
  })
}

test('a range expands to one name per number, as wide as its first number', () => {
  const range = fc.record({
    first: fc.nat(500),
    length: fc.integer({ min: 1, max: 50 }),
    width: fc.constantFrom(0, 4),
  })
  fc.assert(
    fc.property(range, ({ first, length, width }) => {
      const text = (number: number) => String(number).padStart(width, '0')
      const expected = Array.from({ length }, (_, index) => `h${text(first + index)}`)
      assert.deepEqual(expandRanges(`h[${text(first)}:${text(first + length - 1)}]`), expected)
    }),
  )
})
