/**
 * Notified handlers that have not run yet. Each is recorded on the host in the same frame as the change that
 * notified it, so that neither a failed nor a killed run loses one.
 *
 * If a task changes the node for a container, its handlers are recorded on the node. Both places are read.
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
  /** The name in `notify` of the task. */
  readonly name: string
  /** The task that notified the handler. */
  readonly by: string
}

export interface PendingHandlers {
  /**
   * Returns the notes of earlier runs whose handlers have not run in this one; none if the host cannot be read,
   * such as a stopped container.
   */
  read(): Promise<readonly PendingHandler[]>
  /** Resolves after a `read` in progress has finished, so that it does not find notes of this run. */
  looked(): Promise<void>
  /**
   * Returns the notes to record on this machine with the task's change; none if the task notifies no handler.
   */
  notes(task: Task, on: Machine): readonly PendingNote[]
  /** Called when handlers of these names have run, also in a dry run. */
  ran(names: readonly string[]): void
  /**
   * Deletes all notes of these names.
   * @throws HostError if that fails; UnreachableError
   */
  strike(names: readonly string[]): Promise<void>
  /** Returns the notes that remain at the end of the run because no play defines their handlers. */
  left(): Promise<readonly PendingHandler[]>
}

interface Noted extends PendingHandler {
  readonly host: string
}

export function createPending(host: FleetHost, node: FleetHost | undefined, leases: Leases): PendingHandlers {
  const { machine } = host
  /** Machines on which this run has recorded or found a note. */
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
        const mine = notes.flatMap((note) => parse(note)).filter((note) => note.host === machine.name)
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
    ran(names) {
      found = found?.then((notes) => notes.filter(({ name }) => !names.includes(name)))
    },
    async strike(names) {
      const keys = names.map((name) => keyOf(machine, name))
      const endChange = machine.patience.beginChange()
      try {
        for (const on of noted) {
          await leases.take(on)
          const access = await leases.accessOf(on, on.statePrivilege)
          // Notes of handlers that have run are deleted even after an interruption.
          await carryOutOwn(strikeActions(keys, await on.stateDirectory()), access, {
            signal: new AbortController().signal,
            lease: (name) => leases.token(name),
            means: leases.means,
          })
        }
      } finally {
        endChange()
      }
    },
    async left() {
      if (found === undefined && noted.size === 0) return []
      found = readAll()
      return found
    },
  }
}

/** Reads notes again, because no action declares that it changes them. */
function fresh(host: FleetHost): Host {
  const reader = host.reader(host.machine.statePrivilege)
  reader.answers.drop('file:*')
  return reader.view()
}

function keyOf(machine: Machine, name: string): string {
  return JSON.stringify([machine.name, name])
}

function parse({ value }: PendingNote): readonly Noted[] {
  if (typeof value !== 'object' || value === null) return []
  if (!('host' in value) || !('name' in value) || !('by' in value)) return []
  const { host, name, by } = value
  if (typeof host !== 'string' || typeof name !== 'string' || typeof by !== 'string') return []
  return [{ host, name, by }]
}

/** An unreadable host has no notes for now. The first task there will report the reason. */
async function quietly(read: () => Promise<readonly PendingNote[]>): Promise<readonly PendingNote[]> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof UnreachableError || error instanceof HostError || error instanceof UnknownError)
      return []
    throw error
  }
}
