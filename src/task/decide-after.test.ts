/** Decisions of a unit after its actions were sent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { afterFlush, declined, type State } from './decide.ts'
import { sayModule, wants } from './testing/fake-task-host.ts'
import { unitOf } from './testing/test-units.ts'
import { Progress } from './unit.ts'

const stale = { kind: 'stale', why: '/a was changed', label: 'write /a' } as const
const lost = { kind: 'lost', why: 'reset', label: 'run x' } as const

function stateOf(): State {
  return {
    final: true,
    stages: new Set(['one', 'two']),
    last: 'two',
    settling: undefined,
    agreed: undefined,
    paused: false,
    once: false,
  }
}

test('a restarted unit may repeat its last stage, and its last plan does not count as final', () => {
  for (const flushed of [stale, lost, { kind: 'again' }] as const) {
    const state = stateOf()
    assert.deepEqual(afterFlush(flushed, wants('/a', '1'), state), { kind: 'again' })
    assert.deepEqual([state.final, [...state.stages]], [false, ['one']])
  }
})

test('a unit restarts at most three times after changes or dropped connections; waits do not count', () => {
  const unit = wants('/a', '1')
  for (const flushed of [stale, lost, stale]) assert.equal(afterFlush(flushed, unit, stateOf()).kind, 'again')
  for (let times = 0; times < 10; times += 1)
    assert.equal(afterFlush({ kind: 'again' }, unit, stateOf()).kind, 'again')
  const end = afterFlush(stale, unit, stateOf())
  assert.ok(end.kind === 'end' && end.converged.kind === 'failed')
  assert.equal(end.converged.failure.problem.code, 'kept-changing')
})

test('a lost imperative action is never repeated', () => {
  const end = afterFlush(lost, unitOf(sayModule, new Progress()), stateOf())
  assert.ok(end.kind === 'end' && end.converged.kind === 'failed')
  assert.match(end.converged.failure.problem.message, /may or may not have finished: run x \(reset\)/)
  assert.equal(
    afterFlush(stale, unitOf(sayModule, new Progress()), stateOf()).kind,
    'again',
    'the action did not begin',
  )
  const once = afterFlush(lost, wants('/a', '1'), { ...stateOf(), once: true })
  assert.equal(once.kind, 'end', 'an action without a trace is not repeated either')
})

test('a failure ends the unit with the reply of the program; an unreachable host is not a failure', () => {
  const reply = { code: 1, stdout: '', stderr: 'full' }
  const problem = { code: 'x', message: 'no room' }
  const failed = afterFlush({ kind: 'failed', problem, reply }, wants('/a', '1'), stateOf())
  assert.ok(failed.kind === 'end' && failed.converged.kind === 'failed')
  assert.deepEqual(failed.converged.replies, [reply])
  const gone = afterFlush({ kind: 'unreachable', problem }, wants('/a', '1'), stateOf())
  assert.equal(gone.kind === 'end' && gone.converged.kind, 'unreachable')
})

test('declined actions are left out with a warning; earlier actions stay reported', () => {
  const asked = { question: 'Now?', declined: 'PENDING' }
  const reading = { seen: '1', touched: new Map(), rests: false }
  const unit = wants('/a', '1')
  assert.deepEqual([declined(asked, reading, unit).kind], ['ok'])
  unit.progress.did('write /a', { actions: [], diffs: [], warnings: [] }, undefined)
  const end = declined(asked, reading, unit)
  assert.deepEqual([end.kind, end.labels, end.warnings], ['changed', ['write /a'], ['PENDING']])
})
