/**
 * Decides which host runs a task with `run_once`. Hosts come in the order of the inventory, but containers
 * after nodes of the same batch, and clones after their sources, because they start after them. So every host waits only for hosts before it,
 * and for hosts that are running the task.
 */
import type { HostName } from '../base/brand.ts'
import { exitCodes } from '../base/errors.ts'
import type { Away } from '../base/limit.ts'
import type { Task } from '../language/model.ts'
import type { OnceEnd, OnceTurns, Turn, TurnOptions } from '../task/once.ts'
import type { PlayPart } from './schedule.ts'
import type { Batch, SelectedPlay } from './batches.ts'

export interface OnceGates {
  of(part: PlayPart<SelectedPlay>, away: Away): HostGate
  /** Called after something has changed that waiting hosts do not see: failures, the end of the run. */
  wake(): void
}

export interface HostGate extends OnceTurns {
  /** Called when the play has ended on the host. */
  leave(): void
}

export interface OnceGatesOptions {
  readonly nodeOf: (host: HostName) => HostName | undefined
  readonly sourceOf: (host: HostName) => HostName | undefined
  /** Whether the host has failed, or may not start new tasks of the play: it will not come to the task. */
  readonly gone: (part: PlayPart<SelectedPlay>) => boolean
  readonly signal: AbortSignal
}

export function createOnceGates(options: OnceGatesOptions): OnceGates {
  const gates = new Map<Batch, BatchGate>()
  const gateOf = ({ play, batch }: PlayPart<SelectedPlay>): BatchGate => {
    const gate = gates.get(batch) ?? new BatchGate(play, batch, options)
    gates.set(batch, gate)
    return gate
  }
  const wake = (): void => gates.forEach((gate) => gate.wake())
  options.signal.addEventListener('abort', wake, { once: true })
  return {
    of: (part, away) => gateOf(part).of(part.host, away),
    wake,
  }
}

interface OnceTask {
  runner: HostName | undefined
  end: OnceEnd | undefined
  readonly passed: Set<HostName>
}

class BatchGate {
  readonly #options: OnceGatesOptions
  readonly #part: Omit<PlayPart<SelectedPlay>, 'host'>
  /** In the order in which they are asked to run a task. */
  readonly #hosts: readonly HostName[]
  readonly #tasks = new Map<Task, OnceTask>()
  readonly #gone = new Set<HostName>()
  readonly #waiting = new Set<() => void>()

  constructor(play: SelectedPlay, batch: Batch, options: OnceGatesOptions) {
    const { nodeOf, sourceOf } = options
    const { hosts } = batch
    this.#part = { play, batch }
    /** The number of hosts that have their turns before this one, one after another. */
    const turn = (host: HostName): number => {
      const awaited = [nodeOf(host), sourceOf(host)].filter(
        (other) => other !== undefined && hosts.includes(other),
      )
      return Math.max(0, ...awaited.map((other) => (other === undefined ? 0 : 1 + turn(other))))
    }
    const turns = new Map(hosts.map((host) => [host, turn(host)]))
    this.#hosts = hosts.toSorted((a, b) => (turns.get(a) ?? 0) - (turns.get(b) ?? 0))
    this.#options = options
  }

  of(host: HostName, away: Away): HostGate {
    return {
      turn: (task, options) => this.#turn(task, host, { ...options, away }),
      ended: (task, end) => this.#ended(task, host, end),
      passed: (task) => {
        this.#state(task).passed.add(host)
        this.wake()
      },
      leave: () => {
        this.#gone.add(host)
        for (const state of this.#tasks.values()) if (state.runner === host) state.end ??= notFinished(host)
        this.wake()
      },
    }
  }

  wake(): void {
    for (const go of this.#waiting) go()
  }

  async #turn(
    task: Task,
    host: HostName,
    { stopped, waiting, away }: TurnOptions & { readonly away: Away },
  ): Promise<Turn> {
    const now = this.#decide(task, host, stopped)
    if (now !== undefined) return now
    waiting(this.#state(task).runner ?? this.#before(task, host)[0] ?? host)
    return away(async () => {
      for (;;) {
        const turn = this.#decide(task, host, stopped)
        if (turn !== undefined) return turn
        let go = (): void => undefined
        await new Promise<void>((resolve) => {
          go = resolve
          this.#waiting.add(go)
        })
        this.#waiting.delete(go)
      }
    })
  }

  #decide(task: Task, host: HostName, stopped: () => boolean): Turn | undefined {
    const state = this.#state(task)
    const { runner, end } = state
    if (this.#options.signal.aborted || stopped()) return { kind: 'stopped' }
    if (runner !== undefined && end !== undefined) return { kind: 'done', by: runner, end }
    if (runner !== undefined && runner !== host) return undefined
    if (runner === undefined && this.#before(task, host).length > 0) return undefined
    state.runner = host
    return { kind: 'run' }
  }

  /** The hosts before this one that may still run the task. */
  #before(task: Task, host: HostName): readonly HostName[] {
    const { passed } = this.#state(task)
    const gone = (other: HostName): boolean =>
      passed.has(other) || this.#gone.has(other) || this.#options.gone({ ...this.#part, host: other })
    return this.#hosts.slice(0, this.#hosts.indexOf(host)).filter((other) => !gone(other))
  }

  #ended(task: Task, host: HostName, end: OnceEnd): void {
    const state = this.#state(task)
    if (end.kind === 'unreachable' && !end.begun) {
      // Nothing was changed, so the next host may run it.
      state.runner = undefined
      state.passed.add(host)
    } else state.end = end
    this.wake()
  }

  #state(task: Task): OnceTask {
    const present = this.#tasks.get(task) ?? { runner: undefined, end: undefined, passed: new Set() }
    this.#tasks.set(task, present)
    return present
  }
}

/** The end of a task whose host failed in the middle of it, outside the task. */
function notFinished(host: HostName): OnceEnd {
  const msg = `${host} failed before the task ended`
  return {
    kind: 'failed',
    result: { changed: false, failed: true, skipped: false, msg },
    exitCode: exitCodes.task,
    facts: {},
    begun: true,
  }
}
