import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CellDifference, HostDifference, TaskDifference, TaskEnd } from '../events/run-difference.ts'
import { createColors } from './colors.ts'
import { differenceText } from './difference-text.ts'
import type { RecordedRun } from './runs-text.ts'
import { finished, numbered, started, taskRef } from './testing/sample-events.ts'

function run(id: string, { check = false, version = '1.2.3' } = {}): RecordedRun {
  const [first, last] = numbered([started(['pve1'], check), finished({ check })])
  assert.ok(first?.type === 'run.started' && last?.type === 'run.finished')
  return { started: { ...first, run: id, version }, finished: last }
}

const nothing: HostDifference = { host: 'pve1', tasks: [], onlyFirst: 0, onlySecond: 0, cells: [] }
const colors = createColors({ wanted: 'never', environment: {}, isTerminal: false })

/** The text below the two runs. */
function shown(
  hosts: readonly HostDifference[],
  same: readonly string[] = [],
  runs = [run('A'), run('B')] as const,
): string {
  const [head = '', ...parts] = differenceText(runs, { hosts, same }, { colors }).split('\n\n')
  assert.match(head, /^ID +WHEN +HOSTS +RESULT +COMMAND\nA +\d.*\nB +\d.*$/)
  return parts.join('\n\n')
}

const end = (outcome: TaskEnd['outcome'], more: Partial<TaskEnd> = {}): TaskEnd => {
  return { outcome, actions: [], ...more }
}

test('cells come before tasks, and both sides stand beside each other', () => {
  const cells: readonly CellDifference[] = [
    { row: 'pve1', column: 'LOADED', first: '570.86.16', second: '580.95.05' },
    { row: '(CT 201)', column: 'STATE', second: 'UNMANAGED' },
  ]
  const tasks: readonly TaskDifference[] = [
    { task: taskRef('Install'), first: end('changed', { actions: ['a', 'b'] }), second: end('ok') },
    {
      task: taskRef('Check'),
      first: end('unknown'),
      second: end('failed', { handled: 'rescued', message: 'two\nlines' }),
    },
    { task: taskRef('Last'), second: end('changed') },
    { second: end('unreachable', { message: 'refused' }) },
  ]
  assert.equal(
    shown([{ ...nothing, cells, tasks, onlyFirst: 1, onlySecond: 2 }], ['a', 'b', 'c', 'd']),
    `pve1
  LOADED          570.86.16 -> 580.95.05
  (CT 201) STATE  (no row) -> UNMANAGED
  Install         changed: a, b -> ok
  Check           unknown -> failed (rescued): two lines
  Last            - -> changed
  connection      - -> unreachable: refused
  1 more task only in A, ok or skipped
  2 more tasks only in B, ok or skipped

no difference on a b c and 1 more`,
  )
})

test('a dry run would change, where a run has changed', () => {
  const tasks: readonly TaskDifference[] = [
    { task: taskRef('Install'), first: end('changed'), second: end('failed') },
    { task: taskRef('Check'), first: end('unknown'), second: end('ok') },
  ]
  assert.equal(
    shown([{ ...nothing, tasks }], [], [run('A', { check: true }), run('B')]),
    'pve1\n  Install  would change -> failed\n  Check    may run -> ok',
  )
})

test('a host of only one run, and another version of gpuplay', () => {
  const hosts: readonly HostDifference[] = [
    { ...nothing, host: 'old', only: 'first' },
    { ...nothing, host: 'new', only: 'second' },
  ]
  assert.equal(
    shown(hosts, [], [run('A'), run('B', { version: '1.3.0' })]),
    'gpuplay 1.2.3 -> 1.3.0\n\nold is only in A\n\nnew is only in B',
  )
})

test('texts of hosts do not reach the terminal as they are', () => {
  const evil = '\u001b[31mx\u009b'
  const text = shown([
    {
      ...nothing,
      cells: [{ row: 'pve1', column: 'STATE', first: evil, second: '' }],
      tasks: [{ task: taskRef(evil), first: end('ok'), second: end('failed', { message: evil }) }],
    },
  ])
  assert.equal(text, 'pve1\n  STATE  x -> -\n  x      ok -> failed: x')
})
