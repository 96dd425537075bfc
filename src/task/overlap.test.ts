import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName } from '../base/brand.ts'
import type { Action } from '../host/action.ts'
import { makeAgain, overlapping } from './overlap.ts'
import type { Reading } from './unit.ts'

const host = { name: hostName('one') }
const container = { name: hostName('ct'), nodeName: hostName('pve1'), ctid: '101' }

function saw(...keys: readonly string[]): Reading {
  return { seen: undefined, touched: new Map(keys.map((key) => [key, { content: 'present' }])), rests: false }
}

const write: Action = { kind: 'writeFile', path: '/etc/x', content: { kind: 'text', text: '' } }

test('an action overlaps only with readings of the resources that it changes', () => {
  assert.equal(overlapping([write], saw('one file:/etc/x'), host), true)
  assert.equal(overlapping([write], saw('one file:/etc/y', 'one package:x'), host), false)
  assert.equal(overlapping([], saw('one file:/etc/x'), host), false)
})

test('an action that removes a tree overlaps with everything below it', () => {
  assert.equal(
    overlapping([{ kind: 'remove', path: '/etc', recursive: true }], saw('one file:/etc/x'), host),
    true,
  )
})

test('a program without declared effects overlaps with everything, one with effects with those', () => {
  const run: Action = { kind: 'run', argv: ['x'] }
  assert.equal(overlapping([run], saw('one package:y'), host), true)
  assert.equal(overlapping([{ ...run, effects: [] }], saw('one package:y'), host), false)
})

test('the same path on the node is a different resource', () => {
  assert.equal(overlapping([{ ...write, on: 'node' }], saw('ct file:/etc/x'), container), false)
  assert.equal(overlapping([{ ...write, on: 'node' }], saw('pve1 file:/etc/x'), container), true)
})

test('creating a directory restores a removed parent', () => {
  const gone: Action = { kind: 'remove', path: '/srv/d', recursive: true }
  const made: Action = { kind: 'makeDirectory', path: '/srv/d/e/f' }
  assert.equal(makeAgain([write, made], [gone]), true)
  assert.equal(makeAgain([{ ...made, on: 'node' }], [gone]), false)
  assert.equal(makeAgain([{ ...made, path: '/srv/data' }], [gone]), false)
  assert.equal(makeAgain([{ ...gone, path: '/srv/d/e' }], [gone]), false)
  assert.equal(makeAgain([gone], [made]), false)
})
