import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SummaryRow } from '../modules/module.ts'
import { finished, numbered, started, taskFinished, taskRef } from '../view/testing/sample-events.ts'
import type { EventBody } from './events.ts'
import { runDifference, type HostDifference, type RunDifference } from './run-difference.ts'

const install = taskRef('Install')
const check = taskRef('Check')
const restart = taskRef('Restart', { handler: true })

function difference(first: readonly EventBody[], second: readonly EventBody[], host = 'pve1'): RunDifference {
  return runDifference(numbered([started([host]), ...first]), numbered([started([host]), ...second]))
}

const nothing: HostDifference = { host: 'pve1', tasks: [], onlyFirst: 0, onlySecond: 0, cells: [] }

const row = (name: string, order: string, more: Partial<SummaryRow> = {}): SummaryRow => ({
  table: 'GPUs',
  columns: ['NODE/CT', 'LOADED', 'STATE'],
  cells: [name, '580.95.05', 'ok'],
  order,
  state: 'ok',
  data: { host: name, node: null },
  ...more,
})

describe('between two runs', () => {
  test('hosts on which tasks ended alike are the same, however long they took', () => {
    const [first, second] = [5, 500].map((milliseconds) => [
      taskFinished('pve1', install, 'changed', { detail: { actions: ['install dkms'] }, milliseconds }),
      finished({ milliseconds }),
    ])
    assert.deepEqual(difference(first ?? [], second ?? []), { hosts: [], same: ['pve1'] })
  })

  test('a task that ended differently is shown with both ends', () => {
    const problem = { code: 'full', message: 'the disk is full' }
    const { hosts, same } = difference(
      [taskFinished('pve1', install, 'ok'), taskFinished('pve1', check, 'ok')],
      [
        taskFinished('pve1', install, 'failed', { detail: { problem }, ignored: true }),
        taskFinished('pve1', check, 'ok'),
      ],
    )
    assert.deepEqual(same, [])
    assert.deepEqual(hosts, [
      {
        ...nothing,
        tasks: [
          {
            task: install,
            first: { outcome: 'ok', actions: [] },
            second: { outcome: 'failed', handled: 'ignored', message: 'the disk is full', actions: [] },
          },
        ],
      },
    ])
  })

  test('a task that changed something else is shown', () => {
    const [first, second] = ['570.86.16', '580.95.05'].map((version) => [
      taskFinished('pve1', install, 'changed', { detail: { actions: [`install ${version}`] } }),
    ])
    const { hosts } = difference(first ?? [], second ?? [])
    assert.deepEqual(
      hosts.flatMap(({ tasks }) => tasks.map((task) => [task.first?.actions, task.second?.actions])),
      [[['install 570.86.16'], ['install 580.95.05']]],
    )
  })

  test('of tasks in only one run, those that changed or failed are shown and the others counted', () => {
    const { hosts } = difference(
      [taskFinished('pve1', taskRef('Old'), 'skipped')],
      [
        taskFinished('pve1', install, 'changed'),
        taskFinished('pve1', check, 'ok'),
        taskFinished('pve1', taskRef('More'), 'skipped'),
      ],
    )
    assert.deepEqual(hosts, [
      {
        ...nothing,
        tasks: [{ task: install, second: { outcome: 'changed', actions: [] } }],
        onlyFirst: 1,
        onlySecond: 2,
      },
    ])
  })

  test('each turn of a handler is compared with the same turn', () => {
    const turn = taskFinished('pve1', restart, 'changed')
    assert.deepEqual(difference([turn, turn], [turn, turn]).hosts, [])
    assert.deepEqual(difference([turn], [turn, turn]).hosts, [
      { ...nothing, tasks: [{ task: restart, second: { outcome: 'changed', actions: [] } }] },
    ])
  })

  test('a host that could not be reached is shown without a task', () => {
    const problem = { code: 'refused', message: 'connection refused' }
    const { hosts } = difference([], [{ type: 'host.unreachable', host: 'pve1', problem }])
    assert.deepEqual(hosts, [
      {
        ...nothing,
        tasks: [{ second: { outcome: 'unreachable', message: 'connection refused', actions: [] } }],
      },
    ])
  })

  test('a host of only one run is named, and nothing else about it', () => {
    const runOn = (...hosts: readonly string[]) =>
      numbered([started(hosts), ...hosts.map((host) => taskFinished(host, install, 'changed'))])
    assert.deepEqual(runDifference(runOn('pve1', 'old'), runOn('new', 'pve1')), {
      hosts: [
        { ...nothing, host: 'old', only: 'first' },
        { ...nothing, host: 'new', only: 'second' },
      ],
      same: ['pve1'],
    })
  })

  test('cells of a row are compared, and a row of a container outside the inventory is one of its node', () => {
    const stranger = row('(CT 201)', 'pve1 201', { data: { host: null, node: 'pve1' } })
    const { hosts } = difference(
      [finished({ rows: [row('pve1', 'pve1')] })],
      [
        finished({
          rows: [row('pve1', 'pve1', { cells: ['pve1', '590.48.01', 'DRIFT'], state: 'problem' }), stranger],
        }),
      ],
    )
    assert.deepEqual(hosts, [
      {
        ...nothing,
        cells: [
          { row: 'pve1', column: 'LOADED', first: '580.95.05', second: '590.48.01' },
          { row: 'pve1', column: 'STATE', first: 'ok', second: 'DRIFT' },
          { row: '(CT 201)', column: 'STATE', second: 'ok' },
        ],
      },
    ])
  })

  test('a run that was killed has no tables, so no cells are compared', () => {
    assert.deepEqual(difference([finished({ rows: [row('pve1', 'pve1')] })], []).hosts, [])
  })
})
