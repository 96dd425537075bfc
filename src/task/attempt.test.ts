import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnreachableError } from '../base/errors.ts'
import type { Event } from '../events/events.ts'
import { attempt, type Attempted } from './attempt.ts'
import { DryStage } from './dry-stage.ts'
import { itemsOf } from './items.ts'
import { Narrator } from './narrator.ts'
import { prepareItem } from './prepare.ts'
import { TaskRun } from './task-run.ts'
import { type FakeTaskHost, sayModule, wants, writeModule } from './testing/fake-task-host.ts'
import { prepared } from './testing/prepared.ts'
import { plan, watchedWindow, type WatchedWindow } from './testing/watched-window.ts'
import { Progress, type Reading } from './unit.ts'

interface Tried {
  readonly attempted: Attempted
  readonly host: FakeTaskHost
  readonly events: readonly Event[]
}

interface Options {
  readonly it?: WatchedWindow
  readonly check?: boolean
  readonly reading?: Reading
  readonly progress?: Progress
}

async function tried(text: string, options: Options = {}): Promise<Tried> {
  const { it = watchedWindow(), check = false, reading, progress = new Progress() } = options
  const events: Event[] = []
  const { tasks, context, preparing } = prepared(text, { modules: [writeModule, sayModule], check, events })
  const [task] = tasks
  assert.ok(task)
  const items = await itemsOf(task, preparing)
  const [item] = items.kind === 'items' ? items.items : []
  assert.ok(item)
  const ready = await prepareItem(task, item, preparing)
  assert.ok(ready.kind === 'ready')
  const run = new TaskRun(0, task, context.ref(task), 0)
  const { host, window } = it
  const attempted = await attempt(run, item, {
    key: '0/0',
    ready,
    reading,
    stage: check ? new DryStage(host, host.newOverlay()) : window,
    window: check ? undefined : window,
    preparing,
    narrator: new Narrator(context, false),
    progress,
  })
  return { attempted, host, events }
}

const writes = '- write: { path: /a, text: "1" }\n  register: it\n'

test('a unit is planned to its end and gets its predicted result', async () => {
  const { attempted, host } = await tried(writes)
  assert.ok(attempted.kind === 'ended')
  assert.deepEqual([attempted.result.outcome, attempted.result.result['text']], ['changed', '1'])
  assert.equal(attempted.unit.queued.length, 1)
  assert.equal('attempts' in attempted.result.result, false)
  assert.deepEqual(host.sends, [])
})

test('an early reading is not repeated', async () => {
  const { attempted, host } = await tried(writes, {
    reading: { seen: '1', touched: new Map(), rests: false },
  })
  assert.equal(attempted.kind === 'ended' && attempted.result.outcome, 'ok')
  assert.deepEqual(host.log, [])
})

test('a unit of another user is read only after the waiting actions were sent', async () => {
  const it = watchedWindow()
  it.host.users.set('0/0', 'www-data')
  await plan(it, wants('/b', '2'))
  it.host.log.length = 0
  const { attempted } = await tried(writes, { it })
  assert.deepEqual([attempted.kind, it.host.log], ['flush', []])
})

test('a failure while actions wait is judged again after they were sent; a success waits with them', async () => {
  const it = watchedWindow()
  it.host.texts.set('/a', '1')
  await plan(it, wants('/b', '2'))
  const failing = `${writes}  failed_when: it.text == '1'\n`
  assert.equal((await tried(failing, { it })).attempted.kind, 'flush')
  assert.equal((await tried(writes, { it })).attempted.kind, 'ended')
  await it.window.flush()
  const { attempted } = await tried(failing, { it })
  assert.equal(attempted.kind === 'ended' && attempted.result.outcome, 'failed')
})

test('if a window did not end as planned, the run continues there', async () => {
  const it = watchedWindow()
  it.host.waits = 1
  await plan(it, wants('/b', '2'))
  const { attempted } = await tried('- say: { text: x }', { it })
  assert.equal(attempted.kind, 'moved')
})

test('until is evaluated after each attempt; the delay follows, and kept answers are dropped', async () => {
  const it = watchedWindow()
  const sleep = it.host.sleep.bind(it.host)
  it.host.sleep = (seconds) => {
    it.host.texts.set('/a', '1')
    return sleep(seconds)
  }
  it.host.instead.set('write /a', () => it.host.texts.set('/a', 'x'))
  const { attempted, host, events } = await tried(
    `- write: { path: /a, text: "1", once: true }\n  register: it\n  until: it.text == '1'\n  retries: 3\n  delay: 7\n`,
    { it },
  )
  assert.ok(attempted.kind === 'ended')
  assert.deepEqual([attempted.result.outcome, attempted.result.result['attempts']], ['ok', 2])
  assert.ok(attempted.converged, 'the last change was made by the unit itself')
  assert.deepEqual(
    host.log.filter((line) => line.startsWith('sleep') || line === 'waited'),
    ['sleep 7', 'waited'],
  )
  assert.deepEqual(
    events.flatMap((event) => (event.type === 'task.progress' ? [event.message] : [])),
    ['attempt 1 of 4 did not meet "until"; retrying in 7 s'],
  )
})

test('an until that stays false fails the task after its retries, with the last result', async () => {
  const { attempted, host } = await tried(
    `- say: { text: x }\n  register: it\n  until: it.stdout == 'y'\n  retries: 2\n  delay: 1\n`,
  )
  assert.ok(attempted.kind === 'ended')
  const { outcome, result, detail } = attempted.result
  assert.deepEqual([outcome, result['stdout'], result['attempts']], ['failed', 'x', 3])
  assert.equal(detail.problem?.code, 'until-not-met')
  assert.equal(attempted.converged, undefined)
  assert.deepEqual(host.sends, ['run say x', 'run say x', 'run say x'])
})

test('if every attempt fails, the last failure is reported', async () => {
  const it = watchedWindow()
  const failure = { kind: 'failed', problem: { code: 'x', message: 'no room' } } as const
  it.host.outcomes.set('run say x', [failure, failure])
  const { attempted } = await tried(
    `- say: { text: x }\n  register: it\n  until: '!it.failed'\n  retries: 1\n  delay: 1\n`,
    { it },
  )
  assert.ok(attempted.kind === 'ended')
  assert.equal(attempted.result.detail.problem?.message, 'no room')
})

test('an attempt starts without the progress of the previous one', async () => {
  const progress = new Progress()
  progress.restarts = 3
  const { attempted } = await tried(
    `- say: { text: x }\n  register: it\n  until: it.attempts > 1\n  retries: 1\n  delay: 1\n`,
    { progress },
  )
  assert.ok(attempted.kind === 'ended')
  assert.deepEqual([attempted.result.outcome, attempted.unit.progress.labels], ['changed', ['run say x']])
  assert.equal(attempted.unit.progress.restarts, 0)
})

test('an unreachable host is not retried', async () => {
  const it = watchedWindow()
  it.host.failures.set('/a', [new UnreachableError({ code: 'u', message: 'gone' })])
  const { attempted, host } = await tried(`${writes}  until: it.text == '1'\n  retries: 3\n  delay: 1\n`, {
    it,
  })
  assert.equal(attempted.kind === 'ended' && attempted.result.outcome, 'unreachable')
  assert.deepEqual(host.log, ['look /a'])
})

test('an until that cannot be evaluated fails the task with that mistake', async () => {
  const it = watchedWindow()
  it.host.outcomes.set('run say x', [{ kind: 'failed', problem: { code: 'x', message: 'no room' } }])
  const { attempted } = await tried(`- say: { text: x }\n  register: it\n  until: it.stdout == 'x'\n`, { it })
  assert.ok(attempted.kind === 'ended')
  assert.equal(attempted.result.outcome, 'failed')
  assert.match(attempted.result.detail.problem?.message ?? '', /stdout/)
})

test('a dry run makes one attempt and does not evaluate until', async () => {
  const { attempted, host } = await tried(`${writes}  until: it.text == '2'\n  retries: 3\n  delay: 1\n`, {
    check: true,
  })
  assert.equal(attempted.kind === 'ended' && attempted.result.outcome, 'changed')
  assert.deepEqual(
    host.log.filter((line) => line.startsWith('sleep')),
    [],
  )
})

test('a second attempt does not use an early reading', async () => {
  const it = watchedWindow()
  it.host.texts.set('/a', '1')
  const { attempted, host } = await tried(
    `- write: { path: /a, text: "1", once: true }\n  register: it\n  until: it.text == '1'\n  retries: 1\n  delay: 1\n`,
    { it, reading: { seen: 'x', touched: new Map(), rests: false } },
  )
  assert.equal(attempted.kind === 'ended' && attempted.result.outcome, 'ok')
  assert.deepEqual(host.log, ['sleep 1', 'waited', 'look /a'])
})
