/**
 * Where the time of a run goes, by host, task and phase.
 *
 * At every moment a host is in one phase at most, so that the phases of a host never add up to more than the time that has passed: connecting comes
 * before acting, acting before waiting, and all of them before looking. Questions that are asked together count for the task that asked first.
 */
import type { TaskRef, TaskTimes } from '../events/events.ts'

export type Phase = 'connect' | 'look' | 'act' | 'wait'

export interface Span {
  readonly host: string
  readonly phase: Phase
  /** Without one, that of the span before it on this host. */
  readonly task?: TaskRef | undefined
}

export interface Profile {
  /** Counts the time that the work takes. From `turn` on it counts for another task. */
  during<T>(span: Span, work: (turn: (task: TaskRef) => void) => Promise<T>): Promise<T>
  /** In the order in which they began; undefined when nothing was counted. */
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

  /** The time since the last call belongs to the foremost of what was open then. */
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
