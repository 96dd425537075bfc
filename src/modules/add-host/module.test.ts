import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed } from '../testing/converge.ts'
import { addHost } from './module.ts'

test('add_host takes a name, groups and any variables', () => {
  assert.deepEqual(completed(addHost, { name: 'web9', address: '192.0.2.9', groups: 'web,new' }), {
    name: 'web9',
    address: '192.0.2.9',
    groups: 'web,new',
  })
  assert.deepEqual(completed(addHost, { name: 'web9' }), { name: 'web9', groups: [] })
  assert.throws(() => completed(addHost, { groups: ['web'] }), /required property/)
})
