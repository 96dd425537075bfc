import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defined } from '../base/defined.ts'
import type { Event } from '../events/events.ts'
import type { SummaryRow } from '../modules/module.ts'
import type { ItemResult, TaskResult } from './item-result.ts'
import type { Items } from './items.ts'
import { Narrator } from './narrator.ts'
import { TaskRun } from './task-run.ts'
import { wants, writeModule, writeTo } from './testing/fake-task-host.ts'
import { prepared } from './testing/prepared.ts'
import { taskOf, unitWith } from './testing/test-units.ts'
import { Progress, type Converged, type Planned } from './unit.ts'

const ref = { id: 't', name: 't', module: 'write', handler: false, where: 'site.yml:7' }
const changed: ItemResult = {
  outcome: 'changed',
  result: {},
  detail: { actions: ['write /a'] },
  exitCode: undefined,
}
const task: TaskResult = { ...changed, ignored: false, changed: true, problem: undefined, inclusions: [] }
const done = { labels: ['write /a'], diffs: [], replies: [], warnings: ['mind this'] }
const end: Converged = { ...done, kind: 'changed', seen: '1', seenWhy: undefined }

interface Made {
  readonly narrator: Narrator
  readonly events: Event[]
  readonly rows: SummaryRow[]
  /** Types of the events until now. */
  readonly types: () => readonly string[]
  readonly at: (milliseconds: number) => void
}

function made(): Made {
  const events: Event[] = []
  const rows: SummaryRow[] = []
  let now = 0
  const { context } = prepared('- debug: { msg: x }', {
    events,
    clock: () => now,
    inventory: 'all: { hosts: { pve1: , ct: { node: pve1, ctid: "101", connection: pct } } }',
    host: 'ct',
  })
  return {
    narrator: new Narrator({ ...context, addRow: (row) => void rows.push(row) }, false),
    events,
    rows,
    types: () => events.map(({ type }) => type),
    at: (milliseconds) => void (now = milliseconds),
  }
}

function runOf(changes: Parameters<typeof taskOf>[1] = {}, ...labels: readonly string[]): TaskRun {
  const run = new TaskRun(0, taskOf('write', changes), ref, 100)
  const items: Items = {
    kind: 'items',
    items: labels.map((label) => ({ label, value: label, layers: [] })),
    loop: true,
  }
  if (labels.length > 0) run.items = items
  return run
}

function planned(on?: 'node'): Planned {
  const action = { ...writeTo('/a', '1'), ...defined({ on }) }
  const reading = { seen: undefined, touched: new Map(), rests: false }
  return { action, plan: { actions: [action], diffs: [], warnings: [] }, reading }
}

test('a task is announced once, however often it is planned', () => {
  const { narrator, types } = made()
  narrator.announce(runOf())
  narrator.announce(runOf())
  assert.deepEqual(types(), ['task.started'])
})

test('an action of a later unit is reported with its unit, before the warnings of that unit', () => {
  const { narrator, types } = made()
  const unit = wants('/a', '1')
  narrator.acted(unit, planned(), { milliseconds: 5, now: false })
  narrator.acted(wants('/b', '2'), planned(), { milliseconds: 5, now: true })
  assert.deepEqual(types(), ['action.finished'])
  narrator.item(runOf(), unit, { converged: end, result: changed })
  assert.deepEqual(types(), ['action.finished', 'action.finished', 'warning'])
  narrator.item(runOf(), unit, { converged: end, result: changed })
  assert.deepEqual(types().slice(3), ['warning'], 'an action is reported once')
})

test('an action is reported with its machine and whole milliseconds', () => {
  const { narrator, events } = made()
  narrator.acted(wants('/a', '1'), planned('node'), { milliseconds: 5.4, now: true })
  narrator.acted(wants('/a', '1'), planned(), { milliseconds: 5.6, now: true })
  assert.deepEqual(
    events.map((event) => event.type === 'action.finished' && [event.host, event.on, event.milliseconds]),
    [
      ['ct', 'pve1', 5],
      ['ct', 'ct', 6],
    ],
  )
})

test('only items of a loop are reported separately', () => {
  const { narrator, events } = made()
  narrator.item(runOf({}, 'one', 'two'), undefined, { converged: undefined, result: changed })
  const [event] = events
  assert.deepEqual(event?.type === 'item.finished' && [event.item, event.outcome], ['one', 'changed'])
  const single = made()
  single.narrator.item(runOf(), undefined, { converged: undefined, result: changed })
  assert.deepEqual(single.types(), [])
})

test('an item is named by its position after the results before it', () => {
  const { narrator, events } = made()
  const run = runOf({}, 'one', 'two')
  run.results.push(changed)
  narrator.item(run, undefined, { converged: undefined, result: changed })
  assert.equal(events[0]?.type === 'item.finished' && events[0].item, 'two')
})

test('no_log hides labels, actions, progress, warnings and rows', () => {
  const { narrator, events, rows, types } = made()
  const noLog = true
  const module = {
    ...writeModule,
    row: (): SummaryRow => ({ table: 't', columns: ['c'], cells: ['hunter2'], order: '', state: 'ok' }),
  }
  const unit = unitWith(module, new Progress(), { task: { noLog } })
  narrator.progress(runOf({ noLog }), 'downloading hunter2')
  narrator.acted(unit, planned(), { milliseconds: 5, now: true })
  const converged = { ...end, warnings: ['hunter2 is unusual'] }
  narrator.item(runOf({ noLog }, 'hunter2'), unit, { converged, result: changed })
  assert.doesNotMatch(JSON.stringify([events, rows]), /hunter2|\/a/)
  assert.deepEqual(types(), ['action.finished', 'warning', 'item.finished'])
})

test('rows are made from the reading, and none without one', () => {
  const { narrator, rows } = made()
  const module = {
    ...writeModule,
    row: (_args: unknown, seen: unknown): SummaryRow => ({
      table: 't',
      columns: ['c'],
      cells: [String(seen)],
      order: '',
      state: 'ok',
    }),
  }
  const unit = unitWith(module, new Progress(), {})
  narrator.item(runOf(), unit, { converged: end, result: changed })
  narrator.item(runOf(), unit, { converged: { ...done, kind: 'unknown', why: 'w' }, result: changed })
  narrator.item(runOf(), unit, { converged: undefined, result: changed })
  assert.deepEqual(
    rows.map(({ cells }) => cells),
    [['1']],
  )
})

test('a task is reported with its duration, and whether its failure is ignored', () => {
  const { narrator, events, at } = made()
  at(350.4)
  narrator.task(runOf(), task)
  narrator.task(runOf(), { ...task, outcome: 'failed', ignored: true })
  assert.deepEqual(
    events.map(
      (event) => event.type === 'task.finished' && [event.outcome, event.ignored, event.milliseconds],
    ),
    [
      ['changed', undefined, 250],
      ['failed', true, 250],
    ],
  )
})
