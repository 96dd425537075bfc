import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exitCodes } from '../base/errors.ts'
import { plainFailure } from './failures.ts'
import { judgedItem, untilNotMet } from './judged.ts'
import type { ItemResult } from './item-result.ts'
import { writeModule } from './testing/fake-task-host.ts'
import { prepared } from './testing/prepared.ts'
import { unitWith } from './testing/test-units.ts'
import { type Converged, Progress } from './unit.ts'

const done = { labels: ['write /a'], diffs: [], warnings: [], replies: [] }
const changed: Converged = { ...done, kind: 'changed', seen: '1', seenWhy: undefined }
const failed: Converged = {
  ...done,
  kind: 'failed',
  failure: plainFailure({ code: 'x', message: 'no room' }),
  changed: true,
  seen: undefined,
}

/** Returns the result of a task with these keywords. */
async function judged(
  keywords: string,
  converged: Converged,
  facts?: Readonly<Record<string, unknown>>,
): Promise<ItemResult> {
  const { tasks, preparing } = prepared(`- write: { path: /a, text: "1" }\n  register: it\n${keywords}`, {
    modules: [writeModule],
  })
  const unit = unitWith(writeModule, new Progress(), { task: tasks[0] ?? {}, ready: { facts } })
  return judgedItem(unit, converged, preparing)
}

test('a converged unit is reported with its actions and result, and judged', async () => {
  const end = await judged("  changed_when: it.text == '2'", changed)
  assert.deepEqual([end.outcome, end.result['text'], end.result['changed']], ['ok', '1', false])
  assert.deepEqual(end.detail.actions, ['write /a'])
})

test('a failure of failed_when is reported with the actions of the unit', async () => {
  const end = await judged("  failed_when: it.text == '1'", changed)
  assert.equal(end.outcome, 'failed')
  assert.deepEqual([end.detail.problem?.code, end.detail.actions], ['failed-when', ['write /a']])
})

test('a failure that failed_when rejects is not reported', async () => {
  const end = await judged("  failed_when: 'false'", failed)
  assert.deepEqual([end.outcome, end.detail.problem], ['changed', undefined])
})

test('a condition on a missing field fails the task, and its changes stay reported', async () => {
  const end = await judged("  failed_when: it.text == '2'", failed)
  assert.equal(end.outcome, 'failed')
  assert.deepEqual([end.result['changed'], end.result['failed']], [true, true])
  assert.match(end.detail.problem?.message ?? '', /text/)
})

test('an unreachable host has its own exit code', async () => {
  const gone: Converged = { ...done, kind: 'unreachable', problem: { code: 'u', message: 'gone' } }
  assert.equal((await judged('', gone)).exitCode, exitCodes.unreachable)
})

test('variables that the task sets are part of its result', async () => {
  assert.deepEqual((await judged('', changed, { word: 'x' })).facts, { word: 'x' })
  assert.equal('facts' in (await judged('', changed)), false)
})

test('an until that stayed false reports the number of attempts and its conditions', () => {
  const { tasks } = prepared(`- command: { cmd: x }\n  register: it\n  until: [it.rc == 0, it.rc == 1]`)
  const [task] = tasks
  assert.ok(task)
  const end = untilNotMet(task, writeModule, { result: { rc: 2, changed: true }, attempt: 2 })
  assert.equal(
    end.detail.problem?.message,
    'gave up after 3 attempts: "until" stayed false: it.rc == 0 && it.rc == 1',
  )
  assert.deepEqual([end.outcome, end.result['rc'], end.result['changed']], ['failed', 2, true])
})
