/** Tries to reach a machine that is going down and coming up again. */
import { UnreachableError } from '../base/errors.ts'

export interface Waiting {
  /** The time limit. It counts the attempts, too: to connect to a machine that is down takes seconds. */
  readonly milliseconds: number
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
  readonly signal: AbortSignal
}

const firstPause = 250
const longestPause = 3000

/**
 * Repeats `open` while it is rejected with an UnreachableError, with growing pauses.
 * @throws the last UnreachableError after the time limit; other errors of `open` at once
 */
export async function openAgain<T>(open: () => Promise<T>, waiting: Waiting): Promise<T> {
  const { milliseconds, sleep, clock, signal } = waiting
  const since = clock()
  let slept = 0
  let pause = firstPause
  for (;;) {
    signal.throwIfAborted()
    try {
      return await open()
    } catch (error) {
      const left = milliseconds - Math.max(clock() - since, slept)
      if (!(error instanceof UnreachableError) || left <= 0) throw error
      const next = Math.min(pause, left)
      await sleep(next, signal)
      slept += next
      pause = Math.min(pause * 1.3, longestPause)
    }
  }
}
