import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { atLeast, compareVersions } from './version.ts'

test('versions are compared number by number, not character by character', () => {
  const order = [
    '470.86',
    '535.9',
    '535.10.1',
    '550.144.03',
    '550.163.01',
    '590.48',
    '590.48.01',
    '610.43.03',
  ]
  assert.deepEqual([...order].reverse().sort(compareVersions), order)
  assert.ok(atLeast('580.95.05', '580.95.05'))
  assert.ok(!atLeast('580.95.05', '580.95.06'))
})

test('leading zeros and missing parts make no difference', () => {
  assert.equal(compareVersions('580.95.05', '580.95.5'), 0)
  assert.equal(compareVersions('590.48', '590.48.0'), 0)
})

test('the comparison is antisymmetric and transitive', () => {
  const part = fc.oneof(fc.nat(999).map(String), fc.constantFrom('rc', 'pve', 'a'))
  const version = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'))
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.equal(Math.sign(compareVersions(a, b)), -Math.sign(compareVersions(b, a)) || 0)
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) assert.ok(compareVersions(a, c) <= 0)
    }),
  )
})
