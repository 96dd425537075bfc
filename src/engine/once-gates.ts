/**
 * Lets the hosts of a batch decide together: which host runs a task with `run_once`, and whether the play ends at
 * a task (`meta: end_play`). With `strategy: linear` they start each task together. For the latter two, a host waits for all hosts but those that start after it.
 * Hosts come in the order of the inventory, but containers
 * after nodes of the same batch, and clones after their sources, because they start after them. So every host waits only for hosts before it,
 * and for hosts that are running the task.
 */
import type { HostName } from '../base/brand.ts'
import { exitCodes } from '../base/errors.ts'
import type { Away } from '../base/limit.ts'
import type { Task } from '../language/model.ts'
import type { OnceEnd, OnceTurns, Turn, TurnOptions, VoteOptions, Wish } from '../task/once.ts'
import type { PlayPart } from './schedule.ts'
import type { Batch, SelectedPlay } from './batches.ts'

export interface OnceGates {
  of(part: PlayPart<SelectedPlay>, away: Away): HostGate
  /** True if an earlier batch has ended the play: this one must not start. */
  closed(part: Pick<PlayPart<SelectedPlay>, 'play' | 'batch'>): boolean
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
  /** The number of the batch that has ended the play. */
  const ended = new Map<SelectedPlay, number>()
  const gateOf = ({ play, batch }: PlayPart<SelectedPlay>): BatchGate => {
    const gate =
      gates.get(batch) ??
      new BatchGate(play, batch, { ...options, ended: () => void ended.set(play, batch.number) })
    gates.set(batch, gate)
    return gate
  }
  const wake = (): void => gates.forEach((gate) => gate.wake())
  options.signal.addEventListener('abort', wake, { once: true })
  return {
    of: (part, away) => gateOf(part).of(part.host, away),
    closed: ({ play, batch }) => (ended.get(play) ?? Infinity) < batch.number,
    wake,
  }
}

interface BatchGateOptions extends OnceGatesOptions {
  /** Called when the hosts end the play, not only their batch. */
  readonly ended: () => void
}

interface OnceTask {
  runner: HostName | undefined
  end: OnceEnd | undefined
  readonly passed: Set<HostName>
  readonly votes: Map<HostName, Wish>
  /** Hosts that have reached the task, in a play with `strategy: linear`. */
  readonly arrived: Set<HostName>
}

class BatchGate {
  readonly #options: BatchGateOptions
  readonly #part: Omit<PlayPart<SelectedPlay>, 'host'>
  /** In the order in which they are asked to run a task. */
  readonly #hosts: readonly HostName[]
  /** The number of hosts that have their turns before a host, one after another. */
  readonly #turns: ReadonlyMap<HostName, number>
  readonly #tasks = new Map<Task, OnceTask>()
  readonly #gone = new Set<HostName>()
  readonly #waiting = new Set<() => void>()

  constructor(play: SelectedPlay, batch: Batch, options: BatchGateOptions) {
    const { nodeOf, sourceOf } = options
    const { hosts } = batch
    this.#part = { play, batch }
    const turn = (host: HostName): number => {
      const awaited = [nodeOf(host), sourceOf(host)].filter(
        (other) => other !== undefined && hosts.includes(other),
      )
      return Math.max(0, ...awaited.map((other) => (other === undefined ? 0 : 1 + turn(other))))
    }
    this.#turns = new Map(hosts.map((host) => [host, turn(host)]))
    this.#hosts = hosts.toSorted((a, b) => this.#turnOf(a) - this.#turnOf(b))
    this.#options = options
  }

  of(host: HostName, away: Away): HostGate {
    return {
      turn: (task, options) => this.#turn(task, host, { ...options, away }),
      ended: (task, end) => this.#ended(task, host, end),
      vote: (task, options) => this.#vote(task, host, { ...options, away }),
      arrive: (task, options) => this.#arrive(task, host, { ...options, away }),
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
    return this.#when(() => this.#decide(task, host, stopped), away)
  }

  async #vote(
    task: Task,
    host: HostName,
    { wish, stopped, waiting, away }: VoteOptions & { readonly away: Away },
  ): Promise<Wish> {
    this.#state(task).votes.set(host, wish)
    if (wish.kind === 'end' && task.meta === 'end_play') this.#options.ended()
    this.wake()
    const now = this.#counted(task, host, stopped)
    if (now !== undefined) return now
    waiting(this.#missing(task, host, this.#state(task).votes)[0] ?? host)
    return this.#when(() => this.#counted(task, host, stopped), away)
  }

  #counted(task: Task, host: HostName, stopped: () => boolean): Wish | undefined {
    const votes = [...this.#state(task).votes.values()]
    const end = votes.find(({ kind }) => kind === 'end')
    if (end !== undefined) return end
    if (this.#options.signal.aborted || stopped()) return { kind: 'stopped' }
    if (this.#missing(task, host, this.#state(task).votes).length > 0) return undefined
    return votes.find(({ kind }) => kind === 'unknown') ?? { kind: 'continue' }
  }

  async #arrive(
    task: Task,
    host: HostName,
    { stopped, waiting, away }: TurnOptions & { readonly away: Away },
  ): Promise<'go' | 'stopped'> {
    const { arrived } = this.#state(task)
    arrived.add(host)
    this.wake()
    const decide = (): 'go' | 'stopped' | undefined => {
      if (this.#options.signal.aborted || stopped()) return 'stopped'
      return this.#missing(task, host, arrived).length > 0 ? undefined : 'go'
    }
    const now = decide()
    if (now !== undefined) return now
    waiting(this.#missing(task, host, arrived)[0] ?? host)
    return this.#when(decide, away)
  }

  /** The hosts that are not among `there`, may still come to the task, and do not start after this one. */
  #missing(task: Task, host: HostName, there: { has: (host: HostName) => boolean }): readonly HostName[] {
    return this.#hosts.filter(
      (other) => this.#turnOf(other) <= this.#turnOf(host) && !there.has(other) && !this.#isGone(task, other),
    )
  }

  #turnOf(host: HostName): number {
    return this.#turns.get(host) ?? 0
  }

  /** Waits without a fork until a decision is possible. */
  async #when<T>(decide: () => T | undefined, away: Away): Promise<T> {
    return away(async () => {
      for (;;) {
        const decided = decide()
        if (decided !== undefined) return decided
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
    return this.#hosts.slice(0, this.#hosts.indexOf(host)).filter((other) => !this.#isGone(task, other))
  }

  /** True if the host will not come to the task. */
  #isGone(task: Task, host: HostName): boolean {
    return (
      this.#state(task).passed.has(host) ||
      this.#gone.has(host) ||
      this.#options.gone({ ...this.#part, host })
    )
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
    const present = this.#tasks.get(task) ?? {
      runner: undefined,
      end: undefined,
      passed: new Set(),
      votes: new Map(),
      arrived: new Set(),
    }
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
