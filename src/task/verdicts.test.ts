import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unknown } from '../base/unknown.ts'
import type { Outcome } from '../events/events.ts'
import type { Result } from './results.ts'
import { prepared } from './testing/prepared.ts'
import { type Judged, judgeOutcome } from './verdicts.ts'

function judged(keywords: string, outcome: Outcome, result: Result): Promise<Judged> {
  const { tasks, preparing } = prepared(`- command: { cmd: x }\n  register: it\n  ${keywords}`)
  const [task] = tasks
  assert.ok(task)
  return judgeOutcome(task, { label: '', value: undefined, layers: [] }, { outcome, result }, preparing)
}

test('a true failed_when fails the task and names the condition', async () => {
  const { outcome, result, problem } = await judged('failed_when: it.rc > 1', 'changed', {
    rc: 2,
    changed: true,
  })
  assert.equal(outcome, 'failed')
  assert.equal(result['failed'], true)
  assert.equal(problem?.message, 'failed_when is true: it.rc > 1')
})

test('a failure that failed_when rejects is not a failure, changed or not', async () => {
  for (const [changed, outcome] of [
    [true, 'changed'],
    [false, 'ok'],
  ] as const) {
    const end = await judged('failed_when: it.rc > 1', 'failed', { rc: 1, changed, failed: true })
    assert.deepEqual([end.outcome, end.result['failed']], [outcome, false])
  }
})

test('changed_when decides about changes and does not affect failures', async () => {
  assert.equal((await judged("changed_when: 'false'", 'changed', {})).outcome, 'ok')
  assert.equal((await judged('changed_when: it.rc == 0', 'ok', { rc: 0 })).outcome, 'changed')
  assert.equal((await judged("changed_when: 'true'", 'failed', {})).outcome, 'failed')
})

test('conditions on unknown values stay unknown and do not fail a dry run', async () => {
  const rc = new Unknown('later')
  assert.equal((await judged('changed_when: it.rc == 0', 'ok', { rc })).outcome, 'unknown')
  assert.equal((await judged('failed_when: it.rc == 0', 'unknown', { rc })).outcome, 'unknown')
  assert.equal((await judged("changed_when: 'false'", 'unknown', { rc })).outcome, 'ok')
})

test('conditions do not apply to an unreachable host', async () => {
  assert.equal((await judged("failed_when: 'true'", 'unreachable', {})).outcome, 'unreachable')
})
