/** Turns the events of a recorded run into the data of its report. Pure. */
import { defined, mapped } from '../../base/defined.ts'
import { grouped } from '../../base/grouped.ts'
import type { Event } from '../../events/events.ts'
import { runDifference } from '../../events/run-difference.ts'
import { handledBy } from '../handled.ts'
import { hostsText } from '../host-names.ts'
import { closingText } from '../recap-text.ts'
import { noEnd } from '../runs-text.ts'
import { plainText, printableData } from '../text.ts'
import { criticalPath } from './critical-path.ts'
import { gpuNodes, tablesOf } from './gpu-map.ts'
import { problemWords } from './report-details.ts'
import type { ReportBefore, ReportData, ReportFailure, ReportWarning } from './report-data.ts'
import { cellsOf } from './report-cells.ts'

type Started = Extract<Event, { readonly type: 'run.started' }>
type Finished = Extract<Event, { readonly type: 'run.finished' }>

/** A run and its events, its start included. */
export interface ReportedRun {
  readonly started: Started
  readonly events: readonly Event[]
}

/** @param before The run to compare with, if there is one */
export function reportOfRun(run: ReportedRun, before?: ReportedRun): ReportData {
  const events = run.events.map(printableData)
  const started = printableData(run.started)
  const finished = endOf(events)
  const since = Date.parse(started.time)
  const { tasks, cells, details, waits, names, unreachable, duration } = cellsOf(events, {
    since,
    names: started.hosts,
  })
  const rows = finished?.rows ?? []
  const joined = events.flatMap((event) =>
    event.type === 'hosts.joined' ? Object.entries(event.containers) : [],
  )
  const containers = new Map([...Object.entries(started.containers), ...joined])
  return {
    run: started.run,
    command: started.command,
    playbooks: started.playbooks,
    time: started.time,
    check: started.check,
    version: started.version,
    result: resultWords(started, finished),
    state: finished === undefined ? 'unfinished' : hasFailed(finished) ? 'failed' : 'succeeded',
    duration,
    hosts: names.map((name) => {
      const container = containers.get(name)
      return {
        name,
        ...defined({
          node: container?.node,
          ctid: container?.ctid,
          counts: finished?.hosts[name],
          unreachable: unreachable.get(name),
        }),
      }
    }),
    tasks,
    cells,
    details,
    waits,
    path: criticalPath(cells, waits, duration),
    failures: failuresOf(events),
    warnings: warningsOf(events),
    problems: events.flatMap((event) => (event.type === 'problem' ? [problemWords(event.problem)] : [])),
    nodes: gpuNodes(rows),
    tables: tablesOf(rows),
    ...defined({ before: mapped(before, (other) => beforeOf(other, run)) }),
  }
}

function endOf(events: readonly Event[]): Finished | undefined {
  const last = events.at(-1)
  return last?.type === 'run.finished' ? last : undefined
}

/** Exit codes 8 and 9 say that a dry run found changes, and that nodes have drifted. */
function hasFailed({ exitCode, failures }: Finished): boolean {
  return failures.length > 0 || !(exitCode === 0 || exitCode === 8)
}

function resultWords(started: Started, finished: Finished | undefined): string {
  if (finished === undefined) return noEnd
  return `${started.check ? 'dry run, ' : ''}${plainText(closingText(finished))}`
}

/** Of a run without an end, the failures so far. */
function failuresOf(events: readonly Event[]): readonly ReportFailure[] {
  const ends = events.filter(({ type }) => type === 'task.finished')
  const cells = new Map(ends.map((event, index) => [event, index]))
  return events.flatMap((event): readonly ReportFailure[] => {
    if (event.type === 'host.unreachable') return [{ host: event.host, message: problemWords(event.problem) }]
    if (event.type !== 'task.finished' || handledBy(event) !== undefined) return []
    if (event.outcome !== 'failed' && event.outcome !== 'unreachable') return []
    const { host, task, outcome, detail } = event
    const message = detail.problem?.message ?? outcome
    return [{ host, task: task.name, message, ...defined({ cell: cells.get(event) }) }]
  })
}

function warningsOf(events: readonly Event[]): readonly ReportWarning[] {
  const warnings = events.flatMap((event) => (event.type === 'warning' ? [event] : []))
  return [...grouped(warnings, ({ message }) => message)].map((members) => ({
    message: members[0]?.message ?? '',
    hosts: hostsText(members.flatMap(({ host }) => host ?? [])),
    count: members.length,
  }))
}

function beforeOf(before: ReportedRun, run: ReportedRun): ReportBefore {
  const events = before.events.map(printableData)
  const started = printableData(before.started)
  const { hosts, same } = runDifference(events, run.events.map(printableData))
  return {
    run: started.run,
    time: started.time,
    version: started.version,
    check: started.check,
    result: resultWords(started, endOf(events)),
    hosts,
    same: hostsText(same),
  }
}
