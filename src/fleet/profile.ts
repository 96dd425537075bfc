/**
 * Measures the time of a run by host, task and phase.
 *
 * A host is in at most one phase at a time, so that its phases never add up to more than the elapsed time.
 * Connecting takes precedence over acting, acting over waiting, and waiting over reading. Questions that are
 * asked together count for the task that asked first.
 */
import type { TaskRef, TaskTimes } from '../events/events.ts'

export type Phase = 'connect' | 'look' | 'act' | 'wait'

export interface Span {
  readonly host: string
  readonly phase: Phase
  /** Default: the task of the previous span on this host. */
  readonly task?: TaskRef | undefined
}

export interface Profile {
  /** Counts the time of the work. `turn` assigns the rest of it to another task. */
  during<T>(span: Span, work: (turn: (task: TaskRef) => void) => Promise<T>): Promise<T>
  /** In order of their start; undefined without a profile. */
  readonly times: readonly TaskTimes[] | undefined
}

export const noProfile: Profile = {
  during: (_span, work) => work(() => undefined),
  times: undefined,
}

export function createProfile(clock: () => number): Profile {
  const hosts = new Map<string, HostTimes>()
  return {
    async during({ host, phase, task }, work) {
      const times = hosts.get(host) ?? new HostTimes(host, clock)
      hosts.set(host, times)
      const open = times.begin(phase, task)
      try {
        return await work((next) => times.turn(open, next))
      } finally {
        times.end(open)
      }
    },
    get times() {
      return [...hosts.values()].flatMap((times) => times.rows())
    },
  }
}

const precedence: readonly Phase[] = ['connect', 'act', 'wait', 'look']

interface Open {
  readonly phase: Phase
  task: TaskRef | undefined
}

type Times = Record<Phase, number> & { readonly task: TaskRef | undefined }

class HostTimes {
  readonly #host: string
  readonly #clock: () => number
  readonly #open = new Set<Open>()
  readonly #times = new Map<string | undefined, Times>()
  #task: TaskRef | undefined
  #since = 0

  constructor(host: string, clock: () => number) {
    this.#host = host
    this.#clock = clock
  }

  begin(phase: Phase, task: TaskRef | undefined): Open {
    this.#count()
    const open = { phase, task: task ?? this.#task }
    this.#task = open.task
    this.#open.add(open)
    return open
  }

  turn(open: Open, task: TaskRef): void {
    this.#count()
    open.task = task
    this.#task = task
  }

  end(open: Open): void {
    this.#count()
    this.#open.delete(open)
  }

  rows(): readonly TaskTimes[] {
    return [...this.#times.values()].map((times) => ({ host: this.#host, ...times }))
  }

  /** Assigns the time since the last call to the open span with the highest precedence. */
  #count(): void {
    const now = this.#clock()
    const spent = now - this.#since
    this.#since = now
    const [first] = precedence.flatMap((phase) => [...this.#open].filter((open) => open.phase === phase))
    if (first === undefined) return
    const { task } = first
    const times = this.#times.get(task?.id) ?? { task, connect: 0, look: 0, act: 0, wait: 0 }
    times[first.phase] += spent
    this.#times.set(task?.id, times)
  }
}
