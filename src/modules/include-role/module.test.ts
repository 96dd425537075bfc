import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed } from '../testing/converge.ts'
import { includeRole } from './module.ts'

test('include_role takes a role and a file of its tasks', () => {
  const given = { name: 'web', tasks_from: 'remove' }
  assert.deepEqual(completed(includeRole, given), given)
  assert.throws(() => completed(includeRole, {}), /required property/)
})
