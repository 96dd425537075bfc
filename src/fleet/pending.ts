/**
 * Handlers that were notified and have not run yet, written down on the host in the same frame as the change that notified them, so that neither a failed nor a
 * killed run loses one.
 *
 * A change on the node for the sake of a container is written down on the node; both places are read.
 */
import { HostError, UnreachableError } from '../base/errors.ts'
import { UnknownError } from '../base/unknown.ts'
import type { Host } from '../host/host.ts'
import type { PendingNote } from '../host/expectation.ts'
import { readPending, strikeActions } from '../host/notes.ts'
import { carryOutOwn } from '../host/own-actions.ts'
import type { Task } from '../language/model.ts'
import type { FleetHost } from './fleet.ts'
import type { Leases } from './leases.ts'
import type { Machine } from './machine.ts'

export interface PendingHandler {
  /** As the task names it in `notify`. */
  readonly name: string
  /** The task that changed something. */
  readonly by: string
}

export interface PendingHandlers {
  /** What earlier runs have left; empty where the host cannot be read, such as in a stopped container. */
  read(): Promise<readonly PendingHandler[]>
  /** Ends when a `read` that has begun has: what this run writes down must not be among what it finds. */
  looked(): Promise<void>
  /** What is written down on this machine with the task's change; nothing for a task that notifies nobody. */
  notes(task: Task, on: Machine): readonly PendingNote[]
  /** Strikes every note of these names out. @throws HostError when that fails, UnreachableError */
  strike(names: readonly string[]): Promise<void>
  /** What still waits when the run is over and no play of it has defined. */
  left(): Promise<readonly PendingHandler[]>
}

interface Noted extends PendingHandler {
  readonly host: string
  readonly key: string
  readonly machine: Machine
}

export function createPending(host: FleetHost, node: FleetHost | undefined, leases: Leases): PendingHandlers {
  const { machine } = host
  /** Machines on which this run has written a note, or found one. */
  const noted = new Set<Machine>()
  let found: Promise<readonly Noted[]> | undefined

  const places: readonly { readonly machine: Machine; readonly host: () => Host }[] = [
    { machine, host: () => fresh(host) },
    ...(node === undefined ? [] : [{ machine: node.machine, host: () => fresh(node) }]),
  ]

  const readAll = async (): Promise<readonly Noted[]> => {
    const all = await Promise.all(
      places.map(async (place) => {
        const notes = await quietly(async () =>
          readPending(place.host(), await place.machine.stateDirectory()),
        )
        const mine = notes
          .flatMap((note) => parse(note, place.machine))
          .filter((note) => note.host === machine.name)
        if (mine.length > 0) noted.add(place.machine)
        return mine
      }),
    )
    return all.flat()
  }

  return {
    read() {
      found ??= readAll()
      return found
    },
    async looked() {
      await found
    },
    notes(task, on) {
      if (task.notify.length > 0) noted.add(on)
      return task.notify.map(({ name }) => ({
        key: keyOf(machine, name),
        value: { host: machine.name, name, by: task.key },
      }))
    },
    async strike(names) {
      const keys = names.map((name) => keyOf(machine, name))
      for (const on of noted) {
        await leases.take(on)
        const access = await leases.accessOf(on, on.statePrivilege)
        // Handlers that have run are struck out after an interruption too.
        await carryOutOwn(strikeActions(keys, await on.stateDirectory()), access, {
          signal: new AbortController().signal,
          lease: (name) => leases.token(name),
          means: leases.means,
        })
      }
    },
    async left() {
      if (found === undefined && noted.size === 0) return []
      found = readAll()
      return found
    },
  }
}

/** Notes are written by no action that could drop what was read of them. */
function fresh(host: FleetHost): Host {
  const reader = host.reader(host.machine.statePrivilege)
  reader.readings.drop('file:*')
  return reader.view()
}

function keyOf(machine: Machine, name: string): string {
  return JSON.stringify([machine.name, name])
}

function parse({ key, value }: PendingNote, machine: Machine): readonly Noted[] {
  if (typeof value !== 'object' || value === null) return []
  if (!('host' in value) || !('name' in value) || !('by' in value)) return []
  const { host, name, by } = value
  if (typeof host !== 'string' || typeof name !== 'string' || typeof by !== 'string') return []
  return [{ host, name, by, key, machine }]
}

/** Whoever cannot be read has nothing to tell now: the first task will say so with its reason. */
async function quietly(read: () => Promise<readonly PendingNote[]>): Promise<readonly PendingNote[]> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof UnreachableError || error instanceof HostError || error instanceof UnknownError)
      return []
    throw error
  }
}
