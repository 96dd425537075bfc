/** Asks the user questions, one at a time, because several hosts may have one at once. */
import type { Emitter } from '../events/emitter.ts'
import type { TaskRef } from '../events/events.ts'

/** Returns false if the user declines, or after an interruption. */
export type Confirm = (question: string) => Promise<boolean>

/**
 * Decides before a task whether it runs. The answer counts for all hosts.
 * @param host The host that asks first.
 */
export type Gate = (ref: TaskRef, host: string) => Promise<boolean>

export interface AskingOptions {
  readonly confirm: Confirm
  readonly emitter: Emitter
  /** Aborted when no more questions may be asked. */
  readonly signal: AbortSignal
}

/** Asks for a host; by default with the function of the options. */
export type AskHost = (host: string, confirm?: Confirm) => Confirm

/** Announces each question and its answer, so that views leave the terminal free. */
export function createAsking({ confirm: usual, emitter, signal }: AskingOptions): AskHost {
  let before: Promise<unknown> = Promise.resolve()
  return (host, confirm = usual) =>
    (question) => {
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

/** An answer to the question before a task: run it, leave it out, or run it and ask no more. */
export type StepAnswer = 'run' | 'skip' | 'all'

export interface GateOptions {
  readonly step: (question: string) => Promise<StepAnswer>
  readonly asking: AskHost
}

/** Asks about each task once, when the first host reaches it. */
export function createGate({ step, asking }: GateOptions): Gate {
  const answers = new Map<string, Promise<boolean>>()
  let all = false
  const confirm: Confirm = async (question) => {
    if (all) return true
    const answer = await step(question)
    all = answer === 'all'
    return answer !== 'skip'
  }
  return (ref, host) => {
    if (all) return Promise.resolve(true)
    const known = answers.get(ref.id)
    if (known !== undefined) return known
    const answer = asking(host, confirm)(`Run ${JSON.stringify(ref.name)}?`)
    answers.set(ref.id, answer)
    return answer
  }
}
