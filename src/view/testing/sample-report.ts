import { exitCodes } from '../../base/errors.ts'
import type { Counts, Event } from '../../events/events.ts'
import type { ReportData } from '../report/report-data.ts'
import { reportOfRun } from '../report/report-of-run.ts'
import { type FleetSize, fleetRun } from './sample-fleet.ts'

/** A report of an invented run, compared with one in which the last node's last task did not fail. */
export function sampleReport(size: FleetSize): ReportData {
  const events = fleetRun(size)
  const [started] = events
  if (started?.type !== 'run.started') throw new Error('the run has no start')
  const before = events.map((event): Event => {
    if (event.type === 'run.finished')
      return { ...event, exitCode: exitCodes.success, failures: [], hosts: unfailed(event.hosts) }
    return event.type === 'task.finished' && event.outcome === 'failed'
      ? { ...event, outcome: 'ok', detail: {} }
      : event
  })
  return reportOfRun(
    { started, events },
    { started: { ...started, run: '20260101T030405Z-0b0c0d' }, events: before },
  )
}

function unfailed(hosts: Readonly<Record<string, Counts>>): Readonly<Record<string, Counts>> {
  const of = (counts: Counts): Counts => ({ ...counts, ok: counts.ok + counts.failed, failed: 0 })
  return Object.fromEntries(Object.entries(hosts).map(([host, counts]) => [host, of(counts)]))
}
