/** Queries on the events of a run, for tests. */
import type { Event, Outcome } from '../../../src/events/events.ts'

type Of<Type extends Event['type']> = Having<Event, Type>
/** Some kinds of events share one shape. */
type Having<Each, Type> = Each extends { readonly type: infer Own }
  ? Type extends Own
    ? Each
    : never
  : never

export function eventsOf<Type extends Event['type']>(
  events: readonly Event[],
  type: Type,
): readonly Of<Type>[] {
  return events.filter((event): event is Of<Type> => event.type === type)
}

/** The last outcome of each task of each host, by `HOST TASK`; TASK is the name with the role. */
export function outcomes(events: readonly Event[]): ReadonlyMap<string, Outcome> {
  return new Map(
    eventsOf(events, 'task.finished').map(({ host, task, outcome }) => [`${host} ${task.name}`, outcome]),
  )
}

/** As `outcomes`, by host and the task's ID, which is the same in all runs. */
export function outcomesById(events: readonly Event[]): ReadonlyMap<string, Outcome> {
  return new Map(
    eventsOf(events, 'task.finished').map(({ host, task, outcome }) => [`${host} ${task.id}`, outcome]),
  )
}

/** The keys of the tasks with this outcome, in alphabetical order. */
export function keysOf(all: ReadonlyMap<string, Outcome>, wanted: Outcome): readonly string[] {
  return [...all].flatMap(([key, outcome]) => (outcome === wanted ? [key] : [])).sort()
}

export function finished(events: readonly Event[]): Of<'run.finished'> | undefined {
  return eventsOf(events, 'run.finished')[0]
}

/** The number of tasks that changed something, on all hosts. */
export function changedCount(events: readonly Event[]): number {
  const hosts = Object.values(finished(events)?.hosts ?? {})
  return hosts.reduce((sum, { changed }) => sum + changed, 0)
}

export interface Span {
  readonly host: string
  readonly on: string
  readonly label: string
  readonly from: number
  readonly to: number
}

/** The start and end of actions of a kind, in milliseconds since 1970. */
export function spans(events: readonly Event[], kind: string): readonly Span[] {
  return eventsOf(events, 'action.finished')
    .filter((event) => event.kind === kind)
    .map(({ host, on, label, time, milliseconds }) => {
      const to = Date.parse(time)
      return { host, on, label, from: to - milliseconds, to }
    })
}

/** Every action that was carried out, as `MACHINE kind: label`. */
export function actions(events: readonly Event[]): readonly string[] {
  return eventsOf(events, 'action.finished').map(({ on, kind, label }) => `${on} ${kind}: ${label}`)
}
