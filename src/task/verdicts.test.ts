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

test('failed_when makes a failure, with the condition in its words', async () => {
  const { outcome, result, problem } = await judged('failed_when: it.rc > 1', 'changed', {
    rc: 2,
    changed: true,
  })
  assert.equal(outcome, 'failed')
  assert.equal(result['failed'], true)
  assert.equal(problem?.message, 'failed_when is true: it.rc > 1')
})

test('a failure that failed_when does not see is none, changed or not', async () => {
  for (const [changed, outcome] of [
    [true, 'changed'],
    [false, 'ok'],
  ] as const) {
    const end = await judged('failed_when: it.rc > 1', 'failed', { rc: 1, changed, failed: true })
    assert.deepEqual([end.outcome, end.result['failed']], [outcome, false])
  }
})

test('changed_when has the word on what changed; it makes a failure neither better nor worse', async () => {
  assert.equal((await judged("changed_when: 'false'", 'changed', {})).outcome, 'ok')
  assert.equal((await judged('changed_when: it.rc == 0', 'ok', { rc: 0 })).outcome, 'changed')
  assert.equal((await judged("changed_when: 'true'", 'failed', {})).outcome, 'failed')
})

test('what rests on what only the run can know stays unknown, and a dry run does not fail on it', async () => {
  const rc = new Unknown('later')
  assert.equal((await judged('changed_when: it.rc == 0', 'ok', { rc })).outcome, 'unknown')
  assert.equal((await judged('failed_when: it.rc == 0', 'unknown', { rc })).outcome, 'unknown')
  assert.equal((await judged("changed_when: 'false'", 'unknown', { rc })).outcome, 'ok')
})

test('a host that was not reached has no verdict', async () => {
  assert.equal((await judged("failed_when: 'true'", 'unreachable', {})).outcome, 'unreachable')
})
