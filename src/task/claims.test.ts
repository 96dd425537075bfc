import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Machine } from '../fleet/machine.ts'
import type { Action } from '../host/action.ts'
import { fakeMachine } from '../fleet/testing/fake-reach.ts'
import { claimsOf } from './claims.ts'

const node = fakeMachine('pve1')
const container = fakeMachine('ct101', { node, ctid: '101' })

function claims(action: Action, of: Machine): readonly string[] {
  return claimsOf([action], of).map(({ key, mode }) => `${mode} ${key}`)
}

const write: Action = { kind: 'writeFile', path: '/etc/x', content: { kind: 'text', text: '' } }

test('a change holds its resources exclusively and its machines shared', () => {
  assert.deepEqual(claims(write, container), [
    'shared machine ct101',
    'shared machine pve1',
    'exclusive ct101 file:/etc/x',
  ])
})

test('changes of a container on its node are held there', () => {
  assert.deepEqual(claims({ ...write, on: 'node' }, container), [
    'shared machine pve1',
    'exclusive pve1 file:/etc/x',
  ])
})

test('a reboot holds the machine and all members of its cluster exclusively, whatever the inventory says', () => {
  assert.deepEqual(claims({ kind: 'reboot', reason: 'x', slots: ['prod a', 'prod b'] }, node), [
    'exclusive machine pve1',
    'exclusive reboot prod a',
    'exclusive reboot prod b',
  ])
})

test('starting a container holds it exclusively and its node shared', () => {
  const start: Action = { kind: 'containerPower', on: 'node', ctid: '101', verb: 'start' }
  const held = claims(start, container)
  assert.ok(held.includes('exclusive machine ct101'))
  assert.ok(held.includes('shared machine pve1'))
})

test('package actions hold the dpkg lock', () => {
  const install: Action = { kind: 'run', argv: ['x'], lock: { kind: 'dpkg', timeout: 1 }, effects: [] }
  assert.ok(claims(install, container).includes('exclusive ct101 dpkg'))
})
