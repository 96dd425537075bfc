import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { criticalPath } from './critical-path.ts'
import type { HostWait } from './report-data.ts'

const cell = (host: number, task: number, start: number, end: number) => ({ host, task, start, end })

function parts(
  cells: readonly ReturnType<typeof cell>[],
  duration: number,
  waits: readonly HostWait[] = [],
): readonly (readonly (number | undefined)[])[] {
  return criticalPath(cells, waits, duration).parts.map(({ host, task, start, end }) => [
    host,
    task,
    start,
    end,
  ])
}

describe('the critical path', () => {
  test('of one host has its tasks in order', () => {
    assert.deepEqual(parts([cell(0, 0, 0, 100), cell(0, 1, 105, 400)], 400), [
      [0, 0, 0, 100],
      [0, 1, 105, 400],
    ])
  })

  test('ends on the host that finished last, and ignores quicker ones', () => {
    assert.deepEqual(
      parts([cell(0, 0, 0, 100), cell(1, 0, 0, 300), cell(0, 1, 101, 200), cell(1, 1, 301, 900)], 900),
      [
        [1, 0, 0, 300],
        [1, 1, 301, 900],
      ],
    )
  })

  test('leads through the host for which another waited', () => {
    const waits = [{ host: 1, why: 'waiting for pve1', start: 10, end: 500 }]
    assert.deepEqual(parts([cell(0, 0, 0, 500), cell(1, 1, 0, 10), cell(1, 2, 502, 800)], 800, waits), [
      [0, 0, 0, 500],
      [1, 2, 502, 800],
    ])
  })

  test('a host that is still at work when another goes on has not held it up', () => {
    assert.deepEqual(parts([cell(0, 0, 0, 700), cell(1, 0, 0, 200), cell(2, 1, 201, 800)], 800), [
      [1, 0, 0, 200],
      [2, 1, 201, 800],
    ])
  })

  test('a task that was read ahead counts until the next one begins', () => {
    assert.deepEqual(parts([cell(0, 0, 0, 300), cell(0, 1, 100, 600)], 600), [
      [0, 0, 0, 100],
      [0, 1, 100, 600],
    ])
  })

  test('a reboot is a part without a task', () => {
    const waits = [{ host: 0, why: 'rebooting: the driver changed', start: 100, end: 9000 }]
    const { totals } = criticalPath([cell(0, 0, 0, 100), cell(0, 1, 9000, 9100)], waits, 9100)
    assert.deepEqual(totals, [
      { milliseconds: 8900 },
      { milliseconds: 100, task: 0 },
      { milliseconds: 100, task: 1 },
    ])
  })

  test('its times add up to the time of the run', () => {
    const cells = [cell(0, 0, 50, 300), cell(1, 1, 400, 600), cell(1, 0, 20, 90)]
    const { totals } = criticalPath(cells, [], 700)
    assert.equal(
      totals.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
      700,
    )
  })

  test('of a run in which nothing took time is empty', () => {
    assert.deepEqual(criticalPath([cell(0, 0, 5, 5)], [], 5), { parts: [], totals: [{ milliseconds: 5 }] })
  })
})
