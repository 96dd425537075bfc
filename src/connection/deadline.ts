import { whenAborted } from './channel.ts'

/** Seconds to wait for a connection, unless `--connect-timeout` or the ssh configuration says otherwise. */
export const defaultConnectTimeout = 20

/**
 * A signal that aborts with other signals, or after a time.
 *
 * Used in place of `AbortSignal.any` over `AbortSignal.timeout`: nothing there references the timeout, and
 * once it is collected it never fires (https://github.com/nodejs/node/issues/57736). Here the timer and the
 * other signals reference it until `end`.
 */
export class Deadline {
  readonly #controller = new AbortController()
  readonly #timer: NodeJS.Timeout | undefined
  readonly #stopListening: readonly (() => void)[]
  #passed = false

  /** @param milliseconds default: no limit */
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

  /** Whether the time ran out before another signal aborted. */
  get passed(): boolean {
    return this.#passed
  }

  /** Ends the wait: the signal no longer aborts. */
  end(): void {
    clearTimeout(this.#timer)
    for (const stop of this.#stopListening) stop()
  }

  #abort(reason: unknown): void {
    this.end()
    this.#controller.abort(reason)
  }
}
