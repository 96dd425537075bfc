/** Handlers that wait to run on one host. */
import type { Handler } from '../language/model.ts'

/** `maybe`: in a dry run, a task that may run notified the handler. */
export type Certainty = 'certain' | 'maybe'

/** Each handler once, in the order in which the play defines them. */
export class Notifications {
  readonly #handlers: readonly Handler[]
  readonly #waiting = new Map<Handler, Certainty>()

  constructor(handlers: readonly Handler[]) {
    this.#handlers = handlers
  }

  /** Finds handlers by name, or by a topic that they listen to. */
  find(name: string): readonly Handler[] {
    return this.#handlers.filter((handler) => handler.id.name === name || handler.listen.includes(name))
  }

  add(handler: Handler, certainty: Certainty): void {
    if (this.#waiting.get(handler) !== 'certain') this.#waiting.set(handler, certainty)
  }

  next(): { readonly handler: Handler; readonly certainty: Certainty } | undefined {
    const handler = this.#handlers.find((candidate) => this.#waiting.has(candidate))
    if (handler === undefined) return undefined
    const certainty = this.#waiting.get(handler) ?? 'certain'
    this.#waiting.delete(handler)
    return { handler, certainty }
  }
}
