import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnknownError } from '../base/unknown.ts'
import type { Module } from '../modules/module.ts'
import { plainFailure } from './failures.ts'
import { detailOf, hidden } from './task-detail.ts'
import { writeModule } from './testing/fake-task-host.ts'
import type { Converged } from './unit.ts'

const done = { labels: ['write /a'], diffs: [], warnings: [], replies: [] }
const problem = { code: 'x', message: 'cannot write hunter2', hint: 'h' }
const failed: Converged = {
  ...done,
  kind: 'failed',
  failure: { ...plainFailure(problem), findings: [{ message: 'one' }] },
  changed: true,
  seen: undefined,
}
const changed: Converged = { ...done, kind: 'changed', seen: '1', seenWhy: undefined }
const open = { args: {}, secret: false }
const secret = { args: {}, secret: true }
const speaking: Module = { ...writeModule, message: (_args, seen) => `saw ${String(seen)}` }

test('actions are reported with the message of the module', () => {
  assert.deepEqual(detailOf(speaking, open, changed, 'changed'), { actions: ['write /a'], message: 'saw 1' })
})

test('the module gives no message about values that a dry run cannot know', () => {
  const silent: Module = {
    ...writeModule,
    message: () => {
      throw new UnknownError({ why: 'asked' })
    },
  }
  const detail = detailOf(silent, open, { ...changed, seen: undefined, seenWhy: 'later' }, 'changed')
  assert.deepEqual(detail, { actions: ['write /a'], why: 'later' })
})

test('a task with a secret shows only how it ended', () => {
  const detail = detailOf(speaking, secret, changed, 'changed')
  assert.deepEqual(Object.keys(detail), ['why'])
  assert.deepEqual(detailOf(speaking, secret, failed, 'failed'), { problem })
  const gone: Converged = { ...done, kind: 'unreachable', problem }
  assert.deepEqual(detailOf(speaking, secret, gone, 'unreachable'), { problem })
})

test('a failure is reported with its findings, unless failed_when rejects it', () => {
  const detail = detailOf(writeModule, open, failed, 'failed')
  assert.deepEqual([detail.problem, detail.findings], [problem, [{ message: 'one' }]])
  assert.deepEqual(detailOf(writeModule, open, failed, 'changed'), { actions: ['write /a'] })
})

test('an unknown outcome has a reason', () => {
  const unknown: Converged = { ...done, labels: [], kind: 'unknown', why: 'only the run can know' }
  assert.deepEqual(detailOf(writeModule, open, unknown, 'unknown'), { why: 'only the run can know' })
})

test('under no_log a failure keeps its code and loses its message; everything else is hidden', () => {
  const told = hidden({ problem, actions: ['write hunter2'], findings: [{ message: 'hunter2' }] })
  assert.equal(told.problem?.code, 'x')
  assert.doesNotMatch(JSON.stringify(told), /hunter2/)
  assert.deepEqual(hidden({ actions: ['write hunter2'] }), { why: 'hidden by no_log' })
})
