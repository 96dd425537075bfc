/** Checks of a run, and of the machines after it. Each check returns its violations as sentences. */
import type { Event } from '../../../src/events/events.ts'
import { defaultStateDirectory } from '../../../src/host/access.ts'
import { unforeseenCode } from '../../../src/task/unforeseen.ts'
import type { Declared } from './clusters.ts'
import type { Controller } from './controller.ts'
import type { Deed, SimulatedMachine } from './machine.ts'
import type { Case, PlannedTask } from './playbook.ts'

export interface RunRecord {
  readonly run: number
  readonly controller: Controller
  readonly events: readonly { readonly at: number; readonly event: Event }[]
  readonly killed: boolean
}

export function ofRun(record: RunRecord, made: Case, deeds: readonly Deed[]): readonly string[] {
  const mine = deeds.filter(({ run }) => run === record.run)
  return [
    ...record.controller.frames.clashes,
    ...nothingUnforeseen(record),
    ...onlyOnce(mine),
    ...nothingBehindFailures(record, made, mine),
    ...inOrder(record, made),
    ...(record.killed ? [] : nothingIsLeftOpen(record)),
  ]
}

/** Simulated machines give only valid answers, so no error is unexpected. */
function nothingUnforeseen({ events }: RunRecord): readonly string[] {
  return events.flatMap(({ event }) => {
    const problem =
      event.type === 'task.finished' || event.type === 'item.finished'
        ? event.detail.problem
        : event.type === 'host.unreachable'
          ? event.problem
          : undefined
    return problem?.code === unforeseenCode ? [problem.message] : []
  })
}

/** Programs whose traces do not show whether they have run must not run twice. */
function onlyOnce(deeds: readonly Deed[]): readonly string[] {
  const seen = new Set<string>()
  return deeds.flatMap(({ what, machine }) => {
    if (!/^program (?:count|fails) /.test(what)) return []
    const key = `${what} on ${machine}`
    const again = seen.has(key)
    seen.add(key)
    return again ? [`${key} ran twice`] : []
  })
}

/**
 * After a task has failed on a host, no later task acts there. Exception: if others change the machine before
 * a finished task is verified, the task may still fail, and later tasks of the same frame may have acted.
 */
function nothingBehindFailures(
  { events, controller }: RunRecord,
  { tasks }: Case,
  deeds: readonly Deed[],
): readonly string[] {
  const start = events[0]?.at ?? 0
  const disturbances = [...controller.options.machines.values()].flatMap(({ disturbedAt }) => disturbedAt)
  return events.flatMap(({ event, at }) => {
    if (event.type !== 'task.finished' || event.ignored === true) return []
    if (event.outcome !== 'failed' && event.outcome !== 'unreachable') return []
    const failed = tasks.find(({ name }) => name === event.task.name)
    if (failed === undefined) return []
    /**
     * The task acted in the same frame as the later one, and the answer was lost or the task could not be
     * verified. If it shares its deeds with another task, this is assumed.
     */
    const doneAndLost = ({ deeds: own }: PlannedTask, outcome: string, behind: Deed): boolean =>
      outcome === 'unreachable' &&
      behind.at <= at &&
      (own.length === 0 ||
        (event.detail.actions?.length ?? 0) > 0 ||
        deeds.some((deed) => deed.for === event.host && own.includes(deed.what) && deed.at <= behind.at))
    const disturbed = disturbances.some((when) => when >= start && when <= at)
    return deeds
      .filter((deed) => !deed.orphaned && deed.for === event.host && (deed.at > at || !disturbed))
      .flatMap((deed) => {
        const task = tasks.find((candidate) => candidate.deeds.includes(deed.what))
        return task !== undefined && isBehind(task, failed) && !doneAndLost(failed, event.outcome, deed)
          ? [`${event.host} failed at ${failed.name}, but ${task.name} acted afterwards: ${deed.what}`]
          : []
      })
  })
}

function isBehind(task: PlannedTask, failed: PlannedTask): boolean {
  return task.play > failed.play || (task.play === failed.play && task.index > failed.index)
}

/** On each host, tasks end in order, each once. */
function inOrder({ events }: RunRecord, { tasks, hosts }: Case): readonly string[] {
  return hosts.flatMap(({ name }) => {
    const ended = events.flatMap(({ event }) => {
      if (event.type !== 'task.finished' || event.host !== name) return []
      const at = tasks.findIndex((task) => task.name === event.task.name)
      return at === -1 ? [] : [at]
    })
    return ended.every((at, index) => index === 0 || at > (ended[index - 1] ?? -1))
      ? []
      : [`tasks of ${name} ended in the order ${ended.join(' ')}`]
  })
}

function nothingIsLeftOpen({ controller, run }: RunRecord): readonly string[] {
  const open = controller.frames.open
  const held = [...controller.options.machines.values()].filter(({ holder }) =>
    holder === undefined ? false : controller.holds(holder.ended),
  )
  return [
    ...(open > 0 ? [`run ${run} ended with ${open} open frames`] : []),
    ...held.map(({ name }) => `run ${run} ended, but still has the lease of ${name}`),
  ]
}

/** A handler runs after every change that notifies it. */
export function ofHandlers({ tasks }: Case, deeds: readonly Deed[]): readonly string[] {
  return tasks.flatMap(({ handler, deeds: own, name }) => {
    if (handler === undefined) return []
    return deeds.flatMap((deed, index) => {
      if (!own.includes(deed.what)) return []
      const ran = deeds
        .slice(index + 1)
        .some((later) => later.machine === deed.machine && later.what === `program ${handler}`)
      return ran ? [] : [`${name} changed ${deed.machine} (${deed.what}), but its handler has not run since`]
    })
  })
}

export function ofMachines(
  { declared, hosts }: Case,
  machines: ReadonlyMap<string, SimulatedMachine>,
): readonly string[] {
  const wrong = declared.flatMap(({ host, path, on, is }) => {
    const node = hosts.find(({ name }) => name === host)?.node
    const machine = machines.get(on === 'node' ? (node ?? host) : host)
    if (machine === undefined) return [`no machine for ${host}`]
    const why = differs(machine, path, is, host)
    return why === undefined ? [] : [`${path} of ${machine.name} ${why}`]
  })
  const notes = [...machines.values()].flatMap(({ name, disk }) => {
    const left = disk.list(`${defaultStateDirectory}/pending`) ?? []
    return left.length === 0 ? [] : [`${name} still has pending handlers`]
  })
  return [...wrong, ...notes]
}

function differs(
  { disk }: SimulatedMachine,
  path: string,
  is: Declared['is'],
  host: string,
): string | undefined {
  const status = disk.status(path, false)
  if (status === undefined) return is.kind === 'absent' ? undefined : 'does not exist'
  if (status.kind !== is.kind) return `is a ${status.kind}, not ${is.kind}`
  if (is.kind === 'link' && status.target !== is.target) return `points to ${status.target ?? 'nothing'}`
  if (is.kind !== 'file') return undefined
  const text = disk.text(path) ?? ''
  if (is.text !== undefined && is.text !== text)
    return `contains ${JSON.stringify(text)}, not ${JSON.stringify(is.text)}`
  if (is.mode !== undefined && is.mode !== status.mode) return `has mode ${status.mode}, not ${is.mode}`
  const missing = (is.lines ?? [])
    .map((line) => line.replace('HOST', host))
    .filter((line) => !text.split('\n').includes(line))
  return missing.length === 0 ? undefined : `lacks ${missing.join(', ')}: ${JSON.stringify(text)}`
}

/** A run that finds everything as declared changes nothing. */
export function ofSecondRun(
  { run, events }: RunRecord,
  { tasks }: Case,
  deeds: readonly Deed[],
): readonly string[] {
  const own = new Set(tasks.flatMap((task) => (task.imperative ? task.deeds : [])))
  const acted = deeds.flatMap((deed) =>
    deed.run !== run ||
    own.has(deed.what) ||
    deed.what.startsWith(defaultStateDirectory) ||
    / handler of play |^program sh /.test(deed.what)
      ? []
      : [`the second run did ${deed.what} on ${deed.machine}`],
  )
  const changed = events.flatMap(({ event }) => {
    if (event.type !== 'task.finished' || event.outcome !== 'changed') return []
    const task = tasks.find(({ name }) => name === event.task.name)
    return task === undefined || task.imperative
      ? []
      : [`in the second run ${task.name} of ${event.host} changed something`]
  })
  return [...acted, ...changed]
}
