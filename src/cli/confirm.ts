import { createInterface } from 'node:readline'

export interface ConfirmOptions {
  readonly input: NodeJS.ReadStream
  /** Must reach the terminal even while a view draws there. */
  readonly write: (text: string) => void
  readonly signal: AbortSignal
}

/**
 * Asks a yes-or-no question, answered with the Enter key. Every answer but yes means no. A view that draws on
 * the terminal erases the empty line after the answer.
 */
export async function confirm(question: string, { input, write, signal }: ConfirmOptions): Promise<boolean> {
  if (signal.aborted) return false
  const showCursor = '\u001b[?25h'
  write(`${showCursor}${question} [y/N] `)
  // The terminal itself echoes the input.
  const lines = createInterface({ input, terminal: false })
  const stop = (): void => lines.close()
  signal.addEventListener('abort', stop, { once: true })
  try {
    const answer = await new Promise<string>((resolve) => {
      lines.once('line', resolve)
      lines.once('close', () => resolve(''))
    })
    return /^\s*(y|yes)\s*$/i.test(answer)
  } finally {
    signal.removeEventListener('abort', stop)
    lines.close()
    write('\n')
  }
}
