/**
 * The time that an item of a task may take (`timeout`, `async`). Programs are ended on the host itself. Time in
 * which the item waits for other tasks of the run does not count.
 */
import { HostError, type Problem } from '../base/errors.ts'
import type { Action } from '../host/action.ts'
import type { Task } from '../language/model.ts'

/** Seconds that programs have by default, in a frame and detached. */
const usual = { run: 300, detached: 3600 } as const
/** Seconds that the host has at least to answer the last look after a wait. */
const lastLook = 10

export class TimeLimit {
  /** Seconds. */
  readonly seconds: number
  readonly #keyword: 'timeout' | 'async'
  readonly #clock: () => number
  #end: number

  /** @param clock Milliseconds. */
  private constructor(seconds: number, keyword: 'timeout' | 'async', clock: () => number) {
    this.seconds = seconds
    this.#keyword = keyword
    this.#clock = clock
    this.#end = clock() + seconds * 1000
  }

  /** Starts the limit of a task; undefined if the task has none. */
  static of({ timeout, async }: Task, clock: () => number): TimeLimit | undefined {
    const asynchronous = async?.waits === true ? async.seconds : Infinity
    if (timeout === undefined && asynchronous === Infinity) return undefined
    return (timeout ?? Infinity) <= asynchronous
      ? new TimeLimit(timeout ?? 0, 'timeout', clock)
      : new TimeLimit(asynchronous, 'async', clock)
  }

  /** Seconds that are left; 0 if none are. */
  get left(): number {
    return Math.max(0, (this.#end - this.#clock()) / 1000)
  }

  /** @param doing What the task was waiting for. */
  problem(doing: string): Problem {
    return {
      code: 'timed-out',
      message: `timed out after ${this.seconds} s${doing === '' ? '' : `: ${doing}`}`,
      hint: `"${this.#keyword}" of the task sets this limit`,
    }
  }

  /** Milliseconds for an answer of the host: the time that is left, or a moment for a look after the last wait. */
  get look(): number {
    return (this.left > 0 ? this.left : lastLook) * 1000
  }

  /** Waits for an answer of the host only as long as time is left. @throws HostError */
  async during<T>(work: Promise<T>, doing: string): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const over = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new HostError(this.problem(doing))), this.look)
    })
    try {
      return await Promise.race([work, over])
    } finally {
      clearTimeout(timer)
      // Nobody waits for a late answer.
      work.catch(() => undefined)
    }
  }

  /** The action with the time that is left as its limit, if it has a limit and its own is longer. */
  limited(action: Action): Action {
    const left = Math.max(1, Math.ceil(this.left))
    if (action.kind === 'run') {
      const own = action.timeout ?? (action.detached === undefined ? usual.run : usual.detached)
      return left < own || this.#keyword === 'async' ? { ...action, timeout: left } : action
    }
    if (action.kind === 'containerPower' || action.kind === 'reboot' || action.kind === 'download')
      return { ...action, timeout: Math.min(action.timeout ?? Infinity, left) }
    return action
  }
}
