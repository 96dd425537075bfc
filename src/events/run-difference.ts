/** What is different between two recorded runs, host by host. */
import { defined, mapped } from '../base/defined.ts'
import type { SummaryRow } from '../modules/module.ts'
import type { Event, Outcome, TaskRef } from './events.ts'

export interface RunDifference {
  /** In the order of the runs; without the hosts on which nothing is different. */
  readonly hosts: readonly HostDifference[]
  /** The hosts of both runs on which nothing is different. */
  readonly same: readonly string[]
}

export interface HostDifference {
  readonly host: string
  /** The only run in which the host took part; absent if it took part in both. Then nothing else is compared. */
  readonly only?: RunSide
  readonly tasks: readonly TaskDifference[]
  /** Number of tasks that ended in only one run, as `ok` or `skipped`. */
  readonly onlyFirst: number
  readonly onlySecond: number
  readonly cells: readonly CellDifference[]
}

export type RunSide = 'first' | 'second'

/** A task that ended differently, or that changed or failed in only one run. */
export interface TaskDifference {
  /** Absent for a failure outside the tasks, such as a host that could not be reached. */
  readonly task?: TaskRef
  /** Absent if the task did not end in this run. */
  readonly first?: TaskEnd
  readonly second?: TaskEnd
}

export interface TaskEnd {
  readonly outcome: Outcome
  readonly handled?: 'ignored' | 'rescued'
  /** The message of the failure. */
  readonly message?: string
  /** What was or would be changed: one line for each action. */
  readonly actions: readonly string[]
}

/** A cell of the tables at the end of the runs. Absent values: the run has no such row. */
export interface CellDifference {
  /** The first cell of the row, which names it. */
  readonly row: string
  readonly column: string
  readonly first?: string
  readonly second?: string
}

/** A run without an end has no tables, so no cells are compared. */
export function runDifference(first: Iterable<Event>, second: Iterable<Event>): RunDifference {
  const [one, other] = [told(first), told(second)]
  const names = [...new Set([...one.hosts.keys(), ...other.hosts.keys()])]
  const compared = names.map((host) => hostDifference(host, one, other))
  const differs = ({ only, tasks, onlyFirst, onlySecond, cells }: HostDifference): boolean =>
    only !== undefined || tasks.length + onlyFirst + onlySecond + cells.length > 0
  return {
    hosts: compared.filter(differs),
    same: compared.filter((host) => !differs(host)).map(({ host }) => host),
  }
}

/** What a run said. */
interface Told {
  readonly hosts: ReadonlyMap<string, Ends>
  /** Absent if the run has no end. */
  readonly rows: readonly SummaryRow[] | undefined
}

interface Ended {
  readonly task?: TaskRef
  readonly end: TaskEnd
}

/** The tasks of one host in order. A handler may run several times: each turn is compared with the same turn. */
type Ends = Map<string, Ended>

function told(events: Iterable<Event>): Told {
  const hosts = new Map<string, Ends>()
  let rows: readonly SummaryRow[] | undefined
  const endsOf = (host: string): Ends => {
    const ends: Ends = hosts.get(host) ?? new Map()
    hosts.set(host, ends)
    return ends
  }
  const add = (ends: Ends, ended: Ended): void => {
    const id = ended.task?.id ?? ''
    let turn = 1
    while (ends.has(`${turn} ${id}`)) turn += 1
    ends.set(`${turn} ${id}`, ended)
  }
  for (const event of events) {
    if (event.type === 'run.started' || event.type === 'hosts.joined') event.hosts.forEach(endsOf)
    else if (event.type === 'task.finished') {
      const { host, task } = event
      add(endsOf(host), { task, end: endOf(event) })
    } else if (event.type === 'host.unreachable') {
      const { host, problem } = event
      const outcome = problem.code === 'node-failed' ? 'failed' : 'unreachable'
      add(endsOf(host), { end: { outcome, message: problem.message, actions: [] } })
    } else if (event.type === 'run.finished') rows = event.rows
  }
  return { hosts, rows }
}

function endOf({
  outcome,
  ignored,
  rescued,
  detail,
}: Extract<Event, { readonly type: 'task.finished' }>): TaskEnd {
  const handled = ignored === true ? 'ignored' : rescued === true ? 'rescued' : undefined
  const message = mapped(detail.problem, (problem) => problem.message)
  return { outcome, ...defined({ handled, message }), actions: detail.actions ?? [] }
}

function hostDifference(host: string, one: Told, other: Told): HostDifference {
  const [first, second] = [one.hosts.get(host), other.hosts.get(host)]
  const nothing = { host, tasks: [], onlyFirst: 0, onlySecond: 0, cells: [] }
  if (first === undefined) return { ...nothing, only: 'second' }
  if (second === undefined) return { ...nothing, only: 'first' }
  const pairs = [...new Set([...first.keys(), ...second.keys()])].map((key): TaskDifference => {
    const [before, after] = [first.get(key), second.get(key)]
    const task = before?.task ?? after?.task
    return defined({ task, first: before?.end, second: after?.end })
  })
  const quiet = ({ first: before, second: after }: TaskDifference): RunSide | undefined => {
    const only = after === undefined ? before : before === undefined ? after : undefined
    if (only === undefined || !['ok', 'skipped'].includes(only.outcome)) return undefined
    return after === undefined ? 'first' : 'second'
  }
  return {
    host,
    tasks: pairs.filter((pair) => quiet(pair) === undefined && !sameEnd(pair.first, pair.second)),
    onlyFirst: pairs.filter((pair) => quiet(pair) === 'first').length,
    onlySecond: pairs.filter((pair) => quiet(pair) === 'second').length,
    cells: one.rows === undefined || other.rows === undefined ? [] : cells(host, one.rows, other.rows),
  }
}

function sameEnd(first: TaskEnd | undefined, second: TaskEnd | undefined): boolean {
  return JSON.stringify(first) === JSON.stringify(second)
}

function cells(
  host: string,
  first: readonly SummaryRow[],
  second: readonly SummaryRow[],
): readonly CellDifference[] {
  const [one, other] = [first, second].map(
    (rows) =>
      new Map(
        rows.filter((row) => ownerOf(row) === host).map((row) => [`${row.table} ${row.order}`, row] as const),
      ),
  )
  return [...new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])])].flatMap((key) =>
    cellsOf(one?.get(key), other?.get(key)),
  )
}

/** The container of a row may be missing in the inventory: its node then owns the row. */
function ownerOf({ data, cells: [name] }: SummaryRow): unknown {
  return data?.['host'] ?? data?.['node'] ?? name
}

/** The first cell is the name. Of a row that only one run has, only the last cell is shown: the state. */
function cellsOf(first: SummaryRow | undefined, second: SummaryRow | undefined): readonly CellDifference[] {
  const { columns = [], cells: [row = ''] = [] } = second ?? first ?? {}
  return columns.flatMap((column, index): readonly CellDifference[] => {
    const [before, after] = [first?.cells[index], second?.cells[index]]
    const both = first !== undefined && second !== undefined
    const counts = both ? index > 0 : index === columns.length - 1
    if (!counts || before === after) return []
    return [{ row, column, ...defined({ first: before, second: after }) }]
  })
}
