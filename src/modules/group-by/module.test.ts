import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed } from '../testing/converge.ts'
import { groupBy } from './module.ts'

test('group_by takes the name of a group, and those of its parents', () => {
  assert.deepEqual(completed(groupBy, { key: 'os_debian' }), { key: 'os_debian', parents: ['all'] })
  assert.deepEqual(completed(groupBy, { key: 'a', parents: 'b' }), { key: 'a', parents: 'b' })
  assert.throws(() => completed(groupBy, { key: 580 }), /must be string/)
  assert.throws(() => completed(groupBy, {}), /required property/)
})
