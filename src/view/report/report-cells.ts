/** What each host did with each task, and when. */
import { defined } from '../../base/defined.ts'
import type { Event, TaskRef } from '../../events/events.ts'
import { handledBy } from '../handled.ts'
import { createDetails } from './report-details.ts'
import type { CellDetail, HostWait, ReportCell, ReportTask } from './report-data.ts'

export interface RunCells {
  readonly tasks: readonly ReportTask[]
  readonly cells: readonly ReportCell[]
  readonly details: readonly CellDetail[]
  readonly waits: readonly HostWait[]
  readonly names: readonly string[]
  /** Why a host was unreachable. */
  readonly unreachable: ReadonlyMap<string, string>
  readonly duration: number
}

interface Placed extends Omit<ReportCell, 'host' | 'task'> {
  readonly host: string
  readonly id: string
}

/** @param options.names The hosts in the order of the run; others follow. */
export function cellsOf(
  events: readonly Event[],
  options: { readonly since: number; readonly names: readonly string[] },
): RunCells {
  const names = new Set(options.names)
  const tasks = createTasks()
  const details = createDetails(events)
  const waits = createWaits()
  const placed: Placed[] = []
  const unreachable = new Map<string, string>()
  let now = 0
  for (const event of events) {
    // The clock of the machine may be set back while a run goes on.
    now = Math.max(now, Date.parse(event.time) - options.since)
    if ('host' in event && event.host !== undefined) names.add(event.host)
    if (event.type === 'play.started') tasks.listed(event.play, event.tasks)
    else if (event.type === 'task.started') {
      tasks.begun(event.host, event.task)
      waits.over(event.host, now)
    } else if (event.type === 'host.waiting') waits.begun(event.host, event.why, now)
    else if (event.type === 'host.connecting') waits.begun(event.host, 'connecting', now)
    else if (event.type === 'host.connected') waits.over(event.host, now)
    else if (event.type === 'host.unreachable') {
      waits.over(event.host, now)
      unreachable.set(event.host, event.problem.message)
    } else if (event.type === 'task.finished') {
      const { host, task, milliseconds } = event
      tasks.begun(host, task)
      waits.over(host, now)
      placed.push({
        host,
        id: task.id,
        outcome: handledBy(event) ?? event.outcome,
        start: Math.max(0, now - milliseconds),
        end: now,
        ...defined({ detail: details.of(event) }),
      })
    }
  }
  const order = tasks.order()
  const indexes = new Map(order.map(({ id }, index) => [id, index]))
  const hosts = new Map([...names].map((name, index) => [name, index]))
  return {
    tasks: order.map(({ task }) => task),
    cells: placed.map(({ host, id, ...cell }) => ({
      host: hosts.get(host) ?? 0,
      task: indexes.get(id) ?? 0,
      ...cell,
    })),
    details: details.list(),
    waits: waits.list(now).map(({ name, ...wait }) => ({ host: hosts.get(name) ?? 0, ...wait })),
    names: [...names],
    unreachable,
    duration: now,
  }
}

interface Listed {
  readonly id: string
  readonly task: ReportTask
}

function createTasks() {
  const order: Listed[] = []
  const known = new Set<string>()
  /** The task that each host began last. */
  const last = new Map<string, string>()
  const listed = ({ id, name, module, where, handler }: TaskRef, play?: string): Listed => {
    known.add(id)
    return { id, task: { name, module, where, handler, ...defined({ play }) } }
  }
  return {
    listed(play: string, tasks: readonly TaskRef[]): void {
      for (const task of tasks) if (!known.has(task.id)) order.push(listed(task, play))
    },
    /** A task in no list was included: it follows the task that its host began before it. */
    begun(host: string, task: TaskRef): void {
      if (!known.has(task.id)) {
        const before = order.findIndex(({ id }) => id === last.get(host))
        order.splice(before < 0 ? order.length : before + 1, 0, listed(task))
      }
      last.set(host, task.id)
    },
    order: (): readonly Listed[] => order,
  }
}

interface Waited extends Omit<HostWait, 'host'> {
  readonly name: string
}

function createWaits() {
  const open = new Map<string, { readonly why: string; readonly start: number }>()
  const waits: Waited[] = []
  const over = (name: string, end: number): void => {
    const wait = open.get(name)
    open.delete(name)
    if (wait !== undefined && end > wait.start) waits.push({ name, ...wait, end })
  }
  return {
    over,
    begun(name: string, why: string, start: number): void {
      over(name, start)
      open.set(name, { why, start })
    },
    list(end: number): readonly Waited[] {
      for (const name of open.keys()) over(name, end)
      return waits
    },
  }
}
