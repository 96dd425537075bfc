import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitCodes } from '../base/errors.ts'
import { Unknown } from '../base/unknown.ts'
import type { Outcome } from '../events/events.ts'
import type { Module } from '../modules/module.ts'
import { plainFailure } from './failures.ts'
import {
  exitCodeOf,
  failedItem,
  type ItemResult,
  skippedItem,
  taskResult,
  unknownItem,
} from './item-result.ts'
import type { Items } from './items.ts'
import { writeModule } from './testing/fake-task-host.ts'
import { taskOf } from './testing/test-units.ts'
import type { Converged } from './unit.ts'

const verify: Module = { ...writeModule, exitCode: exitCodes.installation }
const done = { labels: [], diffs: [], warnings: [], replies: [] }
const problem = { code: 'x', message: 'no room' }
const single: Items = { kind: 'items', items: [{ label: '', value: undefined, layers: [] }], loop: false }

function loopOver(...labels: readonly string[]): Items {
  return { kind: 'items', items: labels.map((label) => ({ label, value: label, layers: [] })), loop: true }
}

function ended(outcome: Outcome, result: ItemResult['result'] = {}): ItemResult {
  return { outcome, result, detail: {}, exitCode: undefined }
}

test('items that are skipped, unknown or failed before their probe have results of that shape', () => {
  assert.deepEqual(skippedItem('it.x').result, { changed: false, failed: false, skipped: true, msg: 'it.x' })
  const { result } = unknownItem(taskOf('write'), writeModule, 'later')
  assert.ok(['text', 'changed', 'failed'].every((field) => result[field] instanceof Unknown))
  const failed = failedItem(taskOf('write'), writeModule, problem, { changed: true, text: '1' })
  assert.deepEqual(failed.result, {
    text: '1',
    changed: true,
    failed: true,
    skipped: false,
    msg: 'no room',
  })
  assert.deepEqual(failed.detail, { problem })
})

test('the exit code of a refusal takes precedence over that of the task, and that over that of the module', () => {
  const failure = (exitCode?: 4): Converged => ({
    ...done,
    kind: 'failed',
    changed: false,
    seen: undefined,
    failure: { ...plainFailure(problem), exitCode },
  })
  assert.equal(exitCodeOf(taskOf('write', { exitCode: 6 }), verify, failure(4)), 4)
  assert.equal(exitCodeOf(taskOf('write', { exitCode: 6 }), verify, failure()), 6)
  assert.equal(exitCodeOf(taskOf('write'), verify, failure()), 5)
  assert.equal(exitCodeOf(taskOf('write'), writeModule, failure()), undefined)
  assert.equal(failedItem(taskOf('write', { exitCode: 6 }), verify, problem).exitCode, 6)
  assert.equal(failedItem(taskOf('write'), verify, problem).exitCode, 5)
})

test('an unreachable host has its own exit code, whatever the task sets', () => {
  const gone: Converged = {
    ...done,
    kind: 'unreachable',
    problem,
  }
  assert.equal(exitCodeOf(taskOf('write', { exitCode: 6 }), verify, gone), exitCodes.unreachable)
})

test('a task without a loop has the result of its one item', () => {
  const end = taskResult(taskOf('write'), single, [ended('changed', { text: '1', changed: true })])
  assert.deepEqual([end.outcome, end.changed, end.result], ['changed', true, { text: '1', changed: true }])
})

test('an ignored failure stays failed and has no exit code', () => {
  const failed = failedItem(taskOf('write'), writeModule, problem)
  const end = taskResult(taskOf('write', { ignoreErrors: true }), single, [failed])
  assert.deepEqual([end.outcome, end.ignored, end.exitCode], ['failed', true, undefined])
  const bad = taskResult(taskOf('write'), single, [failed])
  assert.deepEqual([bad.ignored, bad.exitCode, bad.problem], [false, exitCodes.task, problem])
})

test('ignore_errors does not ignore an unreachable host', () => {
  const end = taskResult(taskOf('write', { ignoreErrors: true }), single, [ended('unreachable')])
  assert.deepEqual([end.outcome, end.ignored], ['unreachable', false])
})

test('a loop has the worst outcome of its items, the first problem, and outcomes by label', () => {
  const failed = failedItem(taskOf('write', { exitCode: 6 }), writeModule, problem)
  const end = taskResult(taskOf('write'), loopOver('a', 'b', 'c'), [ended('changed'), failed, ended('ok')])
  assert.deepEqual(
    [end.outcome, end.exitCode, end.problem, end.changed, end.detail.items],
    ['failed', 6, problem, true, { a: 'changed', b: 'failed', c: 'ok' }],
  )
  const { results } = Object(end.result)
  assert.deepEqual(
    [results.length, results[0].item, results[1].msg, results[2].item],
    [3, 'a', 'no room', 'c'],
  )
})

test('an empty loop is skipped with a reason', () => {
  const end = taskResult(taskOf('write'), loopOver(), [])
  assert.deepEqual([end.outcome, end.detail.why], ['skipped', 'the loop has no items'])
})

test('no_log hides loop items, their values and failure messages', () => {
  const failed = failedItem(taskOf('write'), writeModule, { code: 'x', message: 'hunter2' })
  const end = taskResult(taskOf('write', { noLog: true }), loopOver('hunter2'), [failed])
  assert.equal(end.problem?.code, 'x')
  assert.doesNotMatch(JSON.stringify([end.detail, end.problem]), /hunter2/)
})
