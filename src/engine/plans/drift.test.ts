import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commonDirectories } from './common-directories.ts'
import { driftOf } from './drift.ts'
import type { PlanFileAction, PlanFileItem } from './plan-schema.ts'

const directory: PlanFileAction = { kind: 'makeDirectory', path: '/d', on: 'node' }
const file: PlanFileAction = { kind: 'writeFile', path: '/d/a', on: 'node' }
const item = (...actions: readonly PlanFileAction[]): PlanFileItem => ({
  task: 'note',
  name: 'Note',
  module: 'x',
  outcome: 'changed',
  actions: [...actions],
  seen: actions.includes(directory) ? { 'pve1 file:/d': 'absent' } : {},
  diff: '',
  rests: false,
  mayChange: [],
})

test('which container makes a directory on their node first is no drift', () => {
  const plan = { one: [item(directory, file)], two: [item(file)] }
  const now = { one: [item(file)], two: [item(directory, file)] }
  const isCommon = commonDirectories(Object.values(plan))
  assert.equal(driftOf(plan.one, now.one, isCommon), undefined)
  assert.equal(driftOf(plan.two, now.two, isCommon), undefined)
})

test('another action, and a directory that no container made before, are', () => {
  const isCommon = commonDirectories([[item(file)]])
  assert.match(driftOf([item(file)], [item()], isCommon)?.message ?? '', /"Note" would make other changes/)
  assert.match(driftOf([item(file)], [item(directory, file)], isCommon)?.message ?? '', /file:\/d/)
})
