import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed } from '../testing/converge.ts'
import { includeTasks } from './module.ts'

test('include_tasks takes a file', () => {
  assert.deepEqual(completed(includeTasks, { file: 'a.yml' }), { file: 'a.yml' })
  assert.throws(() => completed(includeTasks, { file: '' }), /fewer than 1 characters/)
  assert.throws(() => completed(includeTasks, {}), /required property/)
})
