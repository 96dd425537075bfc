/** Questions to the person who runs gpuplay, one at a time: several hosts may come to one at once. */
import type { Emitter } from '../events/emitter.ts'

/** False when the person says no, or is interrupted. */
export type Confirm = (question: string) => Promise<boolean>

export interface AskingOptions {
  readonly confirm: Confirm
  readonly emitter: Emitter
  /** After this nobody is asked any more. */
  readonly signal: AbortSignal
}

/** Views hear before and after each question, to keep the terminal free for it. */
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
