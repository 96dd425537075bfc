import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { measure, median } from './measure.ts'

test('the median of an even number of values is the mean of the two in the middle', () => {
  assert.equal(median([5, 1, 3]), 3)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.ok(Number.isNaN(median([])))
})

const skip = existsSync('/usr/bin/time') ? false : 'GNU time is not installed'
test('the cost of a program includes the children that it waits for', { skip }, async () => {
  const child = 'head -c 20000000 /dev/zero | sha256sum; exit 3'
  const measured = await measure({ argv: ['sh', '-c', `sh -c '${child}'`] }, new AbortController().signal)
  assert.equal(measured.code, 3)
  assert.match(measured.stdout, /^[0-9a-f]{64} /)
  assert.ok(measured.sample.cpu > 0 && measured.sample.memory > 1, JSON.stringify(measured.sample))
})
