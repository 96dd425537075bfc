import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'

/**
 * Asks for one line on the terminal without echoing it.
 * @returns undefined if the input is not a terminal, or was closed.
 */
export async function askSecret(
  question: string,
  input: NodeJS.ReadStream,
  output: NodeJS.WriteStream,
): Promise<string | undefined> {
  if (!input.isTTY) return undefined
  output.write(question)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input, output: silent, terminal: true })
  try {
    return await new Promise<string | undefined>((resolve) => {
      lines.once('line', resolve)
      lines.once('close', () => resolve(undefined))
      lines.once('SIGINT', () => resolve(undefined))
    })
  } finally {
    lines.close()
    output.write('\n')
  }
}
