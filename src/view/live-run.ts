/** What the view on a terminal knows of a run in progress: its plays, their tasks, and the hosts that work on them. */
import { defined } from '../base/defined.ts'
import type { Event, Outcome, TaskRef } from '../events/events.ts'
import { type Handled, handledBy } from './handled.ts'

/** What a task counts: outcomes, and failures that the playbook handles. */
export type Shown = Outcome | Handled

/** What a host does for a task. Times are in milliseconds. */
export interface HostWork {
  readonly since: number
  /** Empty until the host reports progress. */
  readonly message: string
  /** When the host began to do what the message says, if its time counts apart from that of the task. */
  readonly waitingSince?: number
  /** Bytes. */
  readonly done?: number
  readonly total?: number
}

export interface LiveTask {
  readonly ref: TaskRef
  readonly counts: Map<Shown, number>
  /** The hosts that work on it, in the order of their start. */
  readonly working: Map<string, HostWork>
  readonly ended: Set<string>
  /** Hosts on which it failed, and the failure counts. */
  readonly failed: string[]
  /** When the first host reached it; undefined if none has. */
  since: number | undefined
  /** When it ended on the last host so far. */
  until: number
}

export interface LivePlay {
  readonly name: string
  readonly hosts: readonly string[]
  /** In the order of the play; handlers last. */
  readonly tasks: readonly LiveTask[]
}

type StartedPlay = Extract<Event, { readonly type: 'play.started' }>

export class LiveRun {
  check = false
  /** When the run started; undefined before its first event. */
  started: number | undefined
  /** Plays that have started and not finished, in the order of their start. */
  readonly plays: LivePlay[] = []
  readonly failed = new Set<string>()
  readonly connecting = new Set<string>()
  readonly #tasks = new Map<string, LiveTask>()
  /** The task with the latest news of each host. */
  readonly #current = new Map<string, LiveTask>()

  /** @param now In milliseconds, of any clock that does not go back. */
  take(event: Event, now: number): void {
    switch (event.type) {
      case 'run.started':
        this.check = event.check
        this.started = now
        return
      case 'play.started':
        this.plays.push(this.#playOf(event))
        return
      case 'task.started':
        return this.#works(event.task.id, event.host, { since: now, message: '' })
      case 'task.progress': {
        const { task, host, message, done, total } = event
        const since = this.#tasks.get(task.id)?.working.get(host)?.since ?? now
        return this.#works(task.id, host, { since, message, ...defined({ done, total }) })
      }
      case 'host.waiting': {
        const task = this.#current.get(event.host)
        const since = task?.working.get(event.host)?.since ?? now
        if (task) this.#works(task.ref.id, event.host, { since, message: event.why, waitingSince: now })
        return
      }
      case 'task.finished':
        return this.#ended(event, now)
      case 'host.unreachable':
        this.#lost(event.host)
        return
      case 'host.connecting':
        this.connecting.add(event.host)
        return
      case 'host.connected':
        this.connecting.delete(event.host)
        return
      default:
        return
    }
  }

  /** Removes a play that has finished, and returns it. The oldest one if several have this name. */
  finish(name: string): LivePlay | undefined {
    const index = this.plays.findIndex((play) => play.name === name)
    return index < 0 ? undefined : this.plays.splice(index, 1)[0]
  }

  /** True if the latest news of the host are of this task. */
  isAt(host: string, task: LiveTask): boolean {
    return (this.#current.get(host) ?? task) === task
  }

  /** True if no host of the play is still to end the task. */
  isComplete({ hosts }: LivePlay, { ref, ended, working }: LiveTask): boolean {
    if (ref.handler) return working.size === 0
    if (ended.size + this.failed.size < hosts.length) return false
    return hosts.every((host) => ended.has(host) || this.failed.has(host))
  }

  #playOf({ play, hosts, tasks }: StartedPlay): LivePlay {
    const live = tasks.map((ref): LiveTask => ({
      ref,
      counts: new Map(),
      working: new Map(),
      ended: new Set(),
      failed: [],
      since: undefined,
      until: 0,
    }))
    for (const task of live) this.#tasks.set(task.ref.id, task)
    return { name: play, hosts, tasks: live }
  }

  #works(id: string, host: string, work: HostWork): void {
    const task = this.#tasks.get(id)
    if (!task) return
    task.since ??= work.since
    task.working.set(host, work)
    this.#current.set(host, task)
  }

  #ended(event: Extract<Event, { readonly type: 'task.finished' }>, now: number): void {
    const task = this.#tasks.get(event.task.id)
    if (!task) return
    const { host, outcome } = event
    const handled = handledBy(event)
    const shown = handled ?? outcome
    task.since ??= now
    task.until = now
    task.working.delete(host)
    task.ended.add(host)
    task.counts.set(shown, (task.counts.get(shown) ?? 0) + 1)
    if (this.#current.get(host) === task) this.#current.delete(host)
    if (handled !== undefined || (outcome !== 'failed' && outcome !== 'unreachable')) return
    task.failed.push(host)
    this.#lost(host)
  }

  #lost(host: string): void {
    this.failed.add(host)
    this.connecting.delete(host)
  }
}
