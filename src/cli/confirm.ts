import { createInterface } from 'node:readline'
import type { StepAnswer } from '../task/confirmations.ts'

export interface ConfirmOptions {
  readonly input: NodeJS.ReadStream
  /** Must reach the terminal even while a view draws there. */
  readonly write: (text: string) => void
  readonly signal: AbortSignal
}

/**
 * Asks a yes-or-no question, answered with the Enter key. Every answer but yes means no.
 */
export async function confirm(question: string, options: ConfirmOptions): Promise<boolean> {
  return /^\s*(y|yes)\s*$/i.test((await askText(`${question} [y/N] `, options)) ?? '')
}

/** Asks whether to run a task: yes, no, or yes to all further tasks. Every other answer means no. */
export async function confirmStep(question: string, options: ConfirmOptions): Promise<StepAnswer> {
  const answer = (await askText(`${question} [y]es, [N]o, [c]ontinue without asking: `, options)) ?? ''
  if (/^\s*(c|continue)\s*$/i.test(answer)) return 'all'
  return /^\s*(y|yes)\s*$/i.test(answer) ? 'run' : 'skip'
}

/** Asks for a line of text. Returns undefined after an interruption, and at the end of the input. */
export async function askText(
  prompt: string,
  { input, write, signal }: ConfirmOptions,
): Promise<string | undefined> {
  if (signal.aborted) return undefined
  const showCursor = '\u001b[?25h'
  write(`${showCursor}${prompt}`)
  // The terminal itself echoes the input.
  const lines = createInterface({ input, terminal: false })
  const stop = (): void => lines.close()
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await new Promise<string | undefined>((resolve) => {
      lines.once('line', resolve)
      lines.once('close', () => resolve(undefined))
    })
  } finally {
    signal.removeEventListener('abort', stop)
    lines.close()
    // An answer that was typed before the question has not begun a new line.
    write('\n')
  }
}
