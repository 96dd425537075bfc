import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fleetRun } from '../testing/sample-fleet.ts'
import { reportOfRun } from './report-of-run.ts'
import { reportPage } from './report-page.ts'

test('200 hosts and 60 tasks make a report of a few megabytes in a few seconds', () => {
  const events = fleetRun({ nodes: 20, containers: 9, tasks: 30 })
  const [started] = events
  assert.ok(started?.type === 'run.started')
  const run = { started, events }
  const begun = performance.now()
  const data = reportOfRun(run, run)
  const html = reportPage(data, 'draw()\n')
  const took = performance.now() - begun
  assert.deepEqual([data.hosts.length, data.tasks.length, data.cells.length], [200, 60, 5970])
  assert.ok(html.length < 3_000_000, `${html.length} characters`)
  assert.ok(took < 10_000, `${took} ms`)
  assert.deepEqual(data.before?.hosts, [])
  const path = data.path.parts
  assert.ok(path.length > 30)
  assert.equal(path.at(-1)?.end, data.duration)
  assert.equal(
    data.path.totals.reduce((sum, { milliseconds }) => sum + milliseconds, 0),
    data.duration,
  )
  assert.equal(data.nodes.length, 20)
  assert.deepEqual(data.nodes[0]?.findings.length, 1)
})
