import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { atLeast, branchOf, compareVersions, driverVersionPattern } from './version.ts'

test('versions are compared number by number, not letter by letter', () => {
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
  assert.equal(branchOf('580.95.05'), 580)
})

test('leading zeros and missing parts do not make a difference', () => {
  assert.equal(compareVersions('580.95.05', '580.95.5'), 0)
  assert.equal(compareVersions('590.48', '590.48.0'), 0)
})

test('comparing is antisymmetric and transitive', () => {
  const version = fc.array(fc.nat(999), { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'))
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      assert.equal(Math.sign(compareVersions(a, b)), -Math.sign(compareVersions(b, a)) || 0)
      if (compareVersions(a, b) <= 0 && compareVersions(b, c) <= 0) assert.ok(compareVersions(a, c) <= 0)
    }),
  )
})

test('a driver version has two or three parts', () => {
  const pattern = new RegExp(driverVersionPattern)
  for (const good of ['580.95.05', '590.48']) assert.match(good, pattern)
  for (const bad of ['580', '580.95.05.1', '12.8', 'latest', '580.95.05 ']) assert.doesNotMatch(bad, pattern)
})
