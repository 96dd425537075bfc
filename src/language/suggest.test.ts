import assert from 'node:assert/strict'
import { test } from 'node:test'
import { didYouMean, editDistance, nearest } from './suggest.ts'

test('a typing error counts as one edit: a letter that is extra, missing, wrong, or swapped with its neighbour', () => {
  for (const slip of ['gather_factss', 'gather_fact', 'gather_fucts', 'gather_fcats'])
    assert.equal(editDistance('gather_facts', slip), 1, slip)
  assert.equal(editDistance('gather_facts', 'gather_fxxts'), 2)
})

test('the most similar word is suggested if it is similar enough', () => {
  assert.equal(nearest('hsots', ['name', 'hosts', 'host']), 'hosts')
  assert.equal(nearest('become-user', ['become', 'become_user']), 'become_user')
  assert.equal(nearest('docker_container', ['pve_container_restart', 'file']), undefined)
  assert.equal(didYouMean('taks', ['tasks', 'tags']), 'did you mean "tasks"?')
  assert.equal(didYouMean('zzz', ['tasks'], 'see the manual'), 'see the manual')
})
