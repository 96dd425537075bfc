/**
 * Handlers that were notified and have not run yet, written down on the host in the same frame as the change that notified them, so that neither a failed nor a
 * killed run loses one.
 *
 * A change on the node for the sake of a container is written down on the node; both places are read.
 */
import { HostError, UnreachableError } from '../base/errors.ts'
import { UnknownError } from '../base/unknown.ts'
import type { ShellText } from '../base/shell.ts'
import type { Host } from '../host/host.ts'
import { notePendingScript, type PendingNote, readPending, strikePendingScript } from '../host/state.ts'
import type { Task } from '../language/model.ts'
import type { FleetHost } from './fleet.ts'
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
  /** To be run on this machine with the task's change; undefined for a task that notifies nobody. */
  noteScript(task: Task, on: Machine): Promise<ShellText | undefined>
  /** Takes every note of these names out. */
  strike(names: readonly string[]): Promise<void>
  /** What still waits when the run is over and no play of it has defined. */
  left(): Promise<readonly PendingHandler[]>
}

interface Noted extends PendingHandler {
  readonly host: string
  readonly key: string
  readonly machine: Machine
}

export function createPending(host: FleetHost, node: FleetHost | undefined): PendingHandlers {
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
    async noteScript(task, on) {
      if (task.notify.length === 0) return undefined
      const directory = await on.stateDirectory()
      noted.add(on)
      return task.notify
        .map(({ name }) =>
          notePendingScript(
            { key: keyOf(machine, name), value: { host: machine.name, name, by: task.key } },
            directory,
          ),
        )
        .join(' && ') as ShellText
    },
    async strike(names) {
      const keys = names.map((name) => keyOf(machine, name))
      for (const on of noted) {
        const shell = await on.shell('read', on.statePrivilege)
        await shell.run(strikePendingScript(keys, await on.stateDirectory()), {
          timeout: 30_000,
          signal: new AbortController().signal,
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
