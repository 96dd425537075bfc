import { whenAborted } from './channel.ts'

/**
 * A signal that aborts with others, or when its time is over.
 *
 * In place of `AbortSignal.any` over `AbortSignal.timeout`: nothing holds the timeout there, and once it is
 * collected it never fires (https://github.com/nodejs/node/issues/57736). Here the timer and the other
 * signals hold it until `end`.
 */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout | undefined
  readonly #stopListening: readonly (() => void)[]
  #passed = false

  /** @param milliseconds for ever when not given */
  constructor(signals: readonly AbortSignal[], milliseconds?: number) {
    this.#stopListening = signals.map((signal) => whenAborted(signal, () => this.#abort(signal.reason)))
    const aborted = signals.find((signal) => signal.aborted)
    if (aborted !== undefined) this.#abort(aborted.reason)
    else if (milliseconds !== undefined) {
      this.#timer = setTimeout(() => {
        this.#passed = true
        this.#abort(new Error('timed out'))
      }, milliseconds)
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Time was over before anything else aborted the signal. */
  get passed(): boolean {
    return this.#passed
  }

  /** The wait is over: the signal does not abort any more. */
  end(): void {
    clearTimeout(this.#timer)
    for (const stop of this.#stopListening) stop()
  }

  #abort(reason: unknown): void {
    this.end()
    this.#controller.abort(reason)
  }
}
