import assert from 'node:assert/strict'
import { test } from 'node:test'
import { branchOf, driverVersionPattern } from './driver-version.ts'

test('the branch of a driver is the first part of its version', () => {
  assert.equal(branchOf('580.95.05'), 580)
})

test('a driver version has two or three parts', () => {
  const pattern = new RegExp(driverVersionPattern)
  for (const good of ['580.95.05', '590.48']) assert.match(good, pattern)
  for (const bad of ['580', '580.95.05.1', '12.8', 'latest', '580.95.05 ']) assert.doesNotMatch(bad, pattern)
})
