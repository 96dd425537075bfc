import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName } from '../base/brand.ts'
import { Machine } from '../fleet/machine.ts'
import type { Action } from '../host/action.ts'
import { claimsOf } from './claims.ts'

function machine(name: string, node?: Machine, ctid?: string): Machine {
  const unreached = (): Promise<never> => Promise.reject(new Error('nobody is reached in this test'))
  return new Machine({
    name: hostName(name),
    target: { kind: 'local' },
    placement: { ctid, nodeName: node?.name, cluster: node === undefined ? 'lab' : undefined },
    privilege: undefined,
    node,
    reach: { connect: unreached, openShell: unreached, upload: unreached, close: () => Promise.resolve() },
    signal: new AbortController().signal,
    sleep: () => Promise.resolve(),
    onConnecting: () => undefined,
    onConnected: () => undefined,
  })
}

const node = machine('pve1')
const container = machine('ct101', node, '101')

function claims(action: Action, of: Machine): readonly string[] {
  return claimsOf([action], of).map(({ key, mode }) => `${mode} ${key}`)
}

const write: Action = { kind: 'writeFile', path: '/etc/x', content: { kind: 'text', text: '' } }

test('a change holds its resources alone, and the machines that it needs with others', () => {
  assert.deepEqual(claims(write, container), [
    'shared machine ct101',
    'shared machine pve1',
    'exclusive ct101 file:/etc/x',
  ])
})

test('what a container changes on its node is held there', () => {
  assert.deepEqual(claims({ ...write, on: 'node' }, container), [
    'shared machine pve1',
    'exclusive pve1 file:/etc/x',
  ])
})

test("a restart holds the machine alone, and its cluster's turn", () => {
  assert.deepEqual(claims({ kind: 'reboot', reason: 'x' }, node), [
    'exclusive machine pve1',
    'exclusive reboot lab',
  ])
})

test('starting a container holds it alone, and its node with others', () => {
  const start: Action = { kind: 'containerPower', on: 'node', ctid: '101', verb: 'start' }
  const held = claims(start, container)
  assert.ok(held.includes('exclusive machine ct101'))
  assert.ok(held.includes('shared machine pve1'))
})

test('packages are held by their lock', () => {
  const install: Action = { kind: 'run', argv: ['x'], lock: { kind: 'dpkg', timeout: 1 }, effects: [] }
  assert.ok(claims(install, container).includes('exclusive ct101 dpkg'))
})
