import assert from 'node:assert/strict'
import { test } from 'node:test'
import { failedProgram } from './label.ts'

test('a failed program is shown with its arguments, in quotes that they do not contain', () => {
  assert.equal(failedProgram(['false'], 1), '"false" failed with exit status 1')
  assert.equal(failedProgram(['sh', '-c', 'exit 4'], 4), '`sh -c "exit 4"` failed with exit status 4')
})
