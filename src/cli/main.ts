/** Entry point. No other file reads `process`. */
import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir, hostname, networkInterfaces, userInfo } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { defined } from '../base/defined.ts'
import { exitCodes } from '../base/errors.ts'
import type { World } from '../base/world.ts'
import { askSecret } from './ask-secret.ts'
import { askText, confirm, confirmStep } from './confirm.ts'
import type { OutputStream } from './context.ts'
import { execute } from './execute.ts'

/** Milliseconds from the second interruption until the process exits. */
const lastWords = 1000

const shipped = fileURLToPath(new URL('../..', import.meta.url))

export async function main(words: readonly string[]): Promise<void> {
  const stop = new AbortController()
  const quit = new AbortController()
  const output = outputOf(process.stdout)
  process.on('exit', () => output.flush())
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (!stop.signal.aborted) {
        stop.abort(new Error('interrupted'))
        return
      }
      // Leave a moment to print the last lines.
      setTimeout(() => process.exit(exitCodes.interrupted), lastWords)
      quit.abort(new Error('interrupted again'))
    })
  }
  // The reader may close the pipe (`| head`). End the run without a stack trace.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0)
    throw error
  })
  const asking = {
    input: process.stdin,
    write: (text: string) => process.stderr.write(text),
    signal: stop.signal,
  }
  const terminal = process.stdin.isTTY && process.stderr.isTTY
  process.exitCode = await execute(words, {
    world: systemWorld(),
    version: packageVersion(),
    runtime: `${process.version} ${process.platform} ${process.arch}`,
    shipped,
    output,
    errors: errorsBehind(output),
    signal: stop.signal,
    quit: quit.signal,
    askSecret: (question) => askSecret(question, process.stdin, process.stderr),
    ...defined({
      askText: terminal ? (question: string) => askText(question, asking) : undefined,
      confirm: terminal ? (question: string) => confirm(question, asking) : undefined,
      step: terminal ? (question: string) => confirmStep(question, asking) : undefined,
    }),
    killGroup,
  })
  output.flush()
  // A connection that does not close must not keep the process alive, but all output must be written first.
  await Promise.all([drained(process.stdout), drained(process.stderr)])
  process.exit()
}

function drained(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.write('', () => resolve())
  })
}

/** The group may have exited meanwhile. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

function systemWorld(): World {
  return {
    now: () => new Date(),
    clock: () => performance.now(),
    sleep: (milliseconds, signal) => delay(milliseconds, undefined, { signal }),
    randomHex: (bytes) => randomBytes(bytes).toString('hex'),
    environment: process.env,
    home: homedir(),
    userName: userInfo().username,
    hostName: hostname(),
    addresses: Object.values(networkInterfaces()).flatMap(
      (list) => list?.map(({ address }) => address) ?? [],
    ),
    pid: process.pid,
    workingDirectory: process.cwd(),
  }
}

interface GatheredOutput extends OutputStream {
  flush(): void
}

/**
 * Writes the lines of one turn of the event loop together, because a large fleet prints thousands of them.
 */
function outputOf(stream: NodeJS.WriteStream): GatheredOutput {
  let waiting = ''
  const flush = (): void => {
    const text = waiting
    waiting = ''
    if (text !== '') stream.write(text)
  }
  return {
    isTerminal: stream.isTTY,
    size: () => ({ columns: stream.columns, rows: stream.rows }),
    flush,
    write(text) {
      if (stream.isTTY) {
        stream.write(text)
        return
      }
      if (waiting === '') setImmediate(flush)
      waiting += text
    },
  }
}

/** Keeps the order of both streams if they go to the same file. */
function errorsBehind(output: GatheredOutput): OutputStream {
  return {
    isTerminal: process.stderr.isTTY,
    write(text) {
      output.flush()
      process.stderr.write(text)
    },
  }
}

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  const parsed: { readonly version?: string } = JSON.parse(text)
  return parsed.version ?? 'unknown'
}
