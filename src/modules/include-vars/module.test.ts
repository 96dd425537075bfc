import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed } from '../testing/converge.ts'
import { includeVars } from './module.ts'

test('include_vars takes a file, several of which one is read, or a folder', () => {
  const defaults = { depth: 0, extensions: ['yml', 'yaml', 'json'], ignore_files: [] }
  for (const given of [{ file: 'a.yml' }, { file: ['a.yml', 'b.yml'] }, { dir: 'd', name: 'all_of_them' }])
    assert.deepEqual(completed(includeVars, given), { ...given, ...defaults })
  assert.throws(() => completed(includeVars, {}), /must have required property/)
  assert.throws(() => completed(includeVars, { file: 'a.yml', dir: 'd' }), /must match exactly one schema/)
  assert.throws(() => completed(includeVars, { file: [] }), /must NOT have fewer than 1 items/)
  assert.equal(includeVars.includesVariables, true)
})
