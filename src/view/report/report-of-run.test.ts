import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Event, EventBody } from '../../events/events.ts'
import { finished, playStarted, started, taskFinished, taskRef } from '../testing/sample-events.ts'
import { createDetails } from './report-details.ts'
import type { ReportData } from './report-data.ts'
import { reportOfRun, type ReportedRun } from './report-of-run.ts'

type Timed = readonly [milliseconds: number, body: EventBody]

const begin = Date.UTC(2026, 0, 2, 3, 4, 5)

function reported(hosts: readonly string[], bodies: readonly Timed[], check = false): ReportedRun {
  const first: Timed = [0, started(hosts, check)]
  const events = [first, ...bodies].map(([milliseconds, body], index): Event => ({
    v: 1,
    run: 'r1',
    seq: index + 1,
    time: new Date(begin + milliseconds).toISOString(),
    ...body,
  }))
  const [start] = events
  assert.ok(start?.type === 'run.started')
  return { started: start, events }
}

const install = taskRef('Install')
const verify = taskRef('Verify')
const restart = taskRef('Restart', { handler: true })

const report = (...bodies: readonly Timed[]): ReportData => reportOfRun(reported(['pve1', 'web'], bodies))

describe('the report of a run', () => {
  test('has a cell for each task of a host, with its times since the start', () => {
    const { tasks, cells, hosts, duration, state, result } = report(
      [1, playStarted('Nodes', ['pve1', 'web'], [install, verify])],
      [10, { type: 'task.started', host: 'pve1', task: install }],
      [110, taskFinished('pve1', install, 'changed', { milliseconds: 100 })],
      [150, taskFinished('web', install, 'ok', { milliseconds: 40 })],
      [160, finished({ milliseconds: 160 })],
    )
    assert.deepEqual(
      tasks.map(({ name, play }) => [name, play]),
      [
        ['Install', 'Nodes'],
        ['Verify', 'Nodes'],
      ],
    )
    assert.deepEqual(cells, [
      { host: 0, task: 0, outcome: 'changed', start: 10, end: 110 },
      { host: 1, task: 0, outcome: 'ok', start: 110, end: 150 },
    ])
    assert.deepEqual([hosts.map(({ name }) => name), duration, state], [['pve1', 'web'], 160, 'succeeded'])
    assert.equal(result, 'nothing was done: no play matched a host')
  })

  test('knows the nodes of containers that joined the run', () => {
    const containers = { ct101: { node: 'pve1', ctid: '101' } }
    const { hosts } = report(
      [1, { type: 'hosts.joined', hosts: ['ct101'], containers }],
      [2, taskFinished('ct101', install, 'ok')],
    )
    assert.deepEqual(hosts.at(-1), { name: 'ct101', node: 'pve1', ctid: '101' })
  })

  test('of a run that was killed has what happened', () => {
    const { state, result, duration, waits } = report(
      [10, { type: 'host.connecting', host: 'web' }],
      [70, { type: 'host.waiting', host: 'pve1', why: 'rebooting: new driver' }],
      [500, { type: 'warning', message: 'w' }],
    )
    assert.deepEqual([state, result, duration], ['unfinished', 'not finished: killed, or still running', 500])
    assert.deepEqual(waits, [
      { host: 1, why: 'connecting', start: 10, end: 500 },
      { host: 0, why: 'rebooting: new driver', start: 70, end: 500 },
    ])
  })

  test('puts an included task after the task that ran before it', () => {
    const included = taskRef('Included')
    const { tasks } = report(
      [1, playStarted('Nodes', ['pve1'], [install, verify])],
      [2, taskFinished('pve1', install, 'ok')],
      [3, taskFinished('pve1', included, 'ok')],
    )
    assert.deepEqual(
      tasks.map(({ name }) => name),
      ['Install', 'Included', 'Verify'],
    )
  })

  test('keeps details that several hosts share once, and none for a task with nothing to show', () => {
    const detail = {
      actions: ['write /etc/x'],
      diffs: [{ title: '/etc/x', before: 'a\n', after: 'b\n' }],
    }
    const { cells, details } = report(
      [1, taskFinished('pve1', install, 'changed', { detail })],
      [2, taskFinished('web', install, 'changed', { detail })],
      [3, taskFinished('web', verify, 'ok')],
    )
    assert.deepEqual(
      cells.map((cell) => cell.detail),
      [0, 0, undefined],
    )
    assert.equal(details.length, 1)
    assert.deepEqual(details[0]?.actions, ['write /etc/x'])
    assert.match(details[0]?.diffs?.[0] ?? '', /^--- \/etc\/x \(before\)[^]*\n-a\n\+b$/)
  })

  test('has logs and items with the turn of the handler that wrote them', () => {
    const log: EventBody = {
      type: 'program.log',
      host: 'web',
      task: restart,
      on: 'pve1',
      path: '/var/log/x',
      text: 'done',
    }
    const { cells, details } = report(
      [1, taskFinished('web', restart, 'changed')],
      [2, log],
      [3, { type: 'item.finished', host: 'web', task: restart, item: 'a', outcome: 'changed', detail: {} }],
      [4, taskFinished('web', restart, 'changed')],
    )
    assert.deepEqual(
      cells.map((cell) => cell.detail),
      [undefined, 0],
    )
    assert.deepEqual(details, [
      {
        items: [{ item: 'a', outcome: 'changed' }],
        logs: [{ on: 'pve1', path: '/var/log/x', text: 'done' }],
      },
    ])
  })

  test('names failures with their cell, without those that the playbook handles', () => {
    const problem = { code: 'full', message: 'the disk is full', hint: 'remove files' }
    const { failures, cells, details, hosts } = report(
      [1, taskFinished('pve1', install, 'failed', { detail: { problem }, ignored: true })],
      [2, taskFinished('web', install, 'failed', { detail: { problem } })],
      [3, { type: 'host.unreachable', host: 'pve1', problem: { code: 'refused', message: 'refused' } }],
    )
    assert.deepEqual(failures, [
      { host: 'web', task: 'Install', message: 'the disk is full', cell: 1 },
      { host: 'pve1', message: 'error: refused' },
    ])
    assert.deepEqual(
      cells.map(({ outcome }) => outcome),
      ['ignored', 'failed'],
    )
    assert.deepEqual(details, [{ problem: 'error: the disk is full\n  help: remove files' }])
    assert.equal(hosts[0]?.unreachable, 'refused')
  })

  test('lists a warning of many hosts once', () => {
    const warn = (host: string): Timed => [1, { type: 'warning', host, message: 'slow disk' }]
    assert.deepEqual(report(warn('gpu1'), warn('gpu2'), warn('gpu3')).warnings, [
      { message: 'slow disk', hosts: 'gpu[1:3]', count: 3 },
    ])
  })

  test('removes control characters and escape sequences from texts of hosts', () => {
    const hostile = taskRef('In\u001b[31mstall\u202e')
    const { tasks, details } = report([
      1,
      taskFinished('pve1', hostile, 'ok', { detail: { message: 'a\u0000b\u009b31m' } }),
    ])
    assert.equal(tasks[0]?.name, 'Install')
    assert.doesNotMatch(JSON.stringify(details), /\\u00|\u009b/)
  })

  test('a clock that was set back makes no negative times', () => {
    const { cells, duration } = report(
      [500, taskFinished('pve1', install, 'ok', { milliseconds: 900 })],
      [-4000, taskFinished('web', install, 'ok', { milliseconds: 10 })],
    )
    assert.deepEqual(
      cells.map(({ start, end }) => [start, end]),
      [
        [0, 500],
        [490, 500],
      ],
    )
    assert.equal(duration, 500)
  })

  test('says what is different from the run before', () => {
    const [first, second] = (['ok', 'changed'] as const).map((outcome) =>
      reported(['pve1', 'web'], [[1, taskFinished('pve1', install, outcome)]]),
    )
    assert.ok(first !== undefined && second !== undefined)
    const { before } = reportOfRun(second, first)
    assert.deepEqual(
      before?.hosts.map(({ host, tasks }) => [host, tasks.map((task) => task.second?.outcome)]),
      [['pve1', ['changed']]],
    )
    assert.equal(before?.same, 'web')
  })
})

test('details beyond the largest size of a report keep only the failure', () => {
  const { events } = reported(
    ['web'],
    [
      [1, taskFinished('web', install, 'ok', { detail: { message: 'x'.repeat(100) } })],
      [
        2,
        taskFinished('web', verify, 'failed', {
          detail: { message: 'y', problem: { code: 'full', message: 'full' } },
        }),
      ],
    ],
  )
  const details = createDetails(events, 120)
  for (const event of events) if (event.type === 'task.finished') details.of(event)
  assert.deepEqual(details.list(), [{ message: 'x'.repeat(100) }, { problem: 'error: full', leftOut: true }])
})

test('the end of a long text is kept', () => {
  const { events } = reported(
    ['web'],
    [[1, taskFinished('web', install, 'ok', { detail: { message: `${'x'.repeat(20_000)}end` } })]],
  )
  const details = createDetails(events)
  for (const event of events) if (event.type === 'task.finished') details.of(event)
  assert.match(details.list()[0]?.message ?? '', /^\u2026x{16381}end$/)
})
