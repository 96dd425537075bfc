/** Runs command lines in the process of the test and records output and questions. */
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { execute } from '../execute.ts'

export interface Ended {
  readonly exitCode: number
  readonly output: string
  readonly errors: string
  readonly questions: readonly string[]
}

/** Differs between the runs of a test, as their names do. */
let random = 0

const repository = fileURLToPath(new URL('../../..', import.meta.url))

/**
 * Runs a command line with a user who types this when asked. Relative file names are read from the working
 * directory of this process.
 */
export async function gpuplay(
  folder: string,
  words: readonly string[],
  typed?: string,
  signal: AbortSignal = new AbortController().signal,
): Promise<Ended> {
  const written = { output: '', errors: '' }
  const questions: string[] = []
  const stream = (name: keyof typeof written) => ({
    write: (text: string) => void (written[name] += text),
    isTerminal: false,
  })
  const exitCode = await execute(words, {
    world: {
      now: () => new Date(0),
      clock: () => performance.now(),
      sleep: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
      randomHex: (bytes) => (random += 1).toString(16).padStart(bytes * 2, '0'),
      environment: { PATH: `${folder}:${process.env['PATH'] ?? ''}`, HOME: folder },
      home: folder,
      userName: 'ann',
      hostName: 'controller',
      addresses: ['192.0.2.1'],
      pid: process.pid,
      workingDirectory: folder,
    },
    version: '0.0.0',
    runtime: 'v0.0.0 test',
    shipped: repository,
    output: stream('output'),
    errors: stream('errors'),
    signal,
    quit: new AbortController().signal,
    async askSecret(question) {
      questions.push(question)
      return typed
    },
    killGroup: () => undefined,
  })
  return { exitCode, ...written, questions }
}
