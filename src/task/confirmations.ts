/** Asks the user questions, one at a time, because several hosts may have one at once. */
import type { Emitter } from '../events/emitter.ts'

/** Returns false if the user declines, or after an interruption. */
export type Confirm = (question: string) => Promise<boolean>

export interface AskingOptions {
  readonly confirm: Confirm
  readonly emitter: Emitter
  /** Aborted when no more questions may be asked. */
  readonly signal: AbortSignal
}

/** Announces each question and its answer, so that views leave the terminal free. */
export function createAsking({ confirm, emitter, signal }: AskingOptions): (host: string) => Confirm {
  let before: Promise<unknown> = Promise.resolve()
  return (host) => (question) => {
    const answer = before.then(async () => {
      if (signal.aborted) return false
      emitter.emit({ type: 'prompt.started', host, question })
      const yes = await confirm(question).catch(() => false)
      const answered = yes && !signal.aborted
      emitter.emit({ type: 'prompt.finished', host, question, answer: answered })
      return answered
    })
    before = answer
    return answer
  }
}
