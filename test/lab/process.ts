/** Runs programs of the machine on which the lab runs. */
import { spawn } from 'node:child_process'
import { defined } from '../../src/base/defined.ts'

/** A failure of the lab, for its user: a message and a hint. */
export class LabError extends Error {
  readonly hint: string | undefined
  constructor(message: string, hint?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'LabError'
    this.hint = hint
  }
}

export interface Finished {
  /** Exit status; 128 + N if signal N ended the program. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Timeout in milliseconds, after which the program is killed; default: two minutes. */
  readonly timeout?: number
}

/**
 * Runs a program to its end. Throws only if the program cannot be started or times out, not for its exit
 * status.
 */
export function attempt(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [program = '', ...args] = argv
  const timeout = options.timeout ?? 120_000
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...defined({ cwd: options.cwd }),
    })
    let late = false
    const timer = setTimeout(() => {
      late = true
      child.kill('SIGKILL')
    }, timeout)
    const stdout: Buffer[] = []
    const stderr: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk))
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
    child.on('error', (error) => {
      clearTimeout(timer)
      reject(new LabError(`cannot run ${program}: ${error.message}`, undefined, error))
    })
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (late) reject(new LabError(`${argv.join(' ')} timed out after ${timeout / 1000} s`))
      else resolve({ code: code ?? 128 + signalNumber(signal), stdout: text(stdout), stderr: text(stderr) })
    })
  })
}

/**
 * Runs a program and returns its standard output. Throws for an exit status other than 0, with its output.
 */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const done = await attempt(argv, options)
  if (done.code !== 0) {
    const said = (done.stderr.trim() || done.stdout.trim()).split('\n').slice(-12).join('\n')
    throw new LabError(`${argv.slice(0, 4).join(' ')} exited with status ${done.code}${said && `:\n${said}`}`)
  }
  return done.stdout
}

/** Calls `check` every `every` milliseconds until it returns a value other than `undefined`. */
export async function until<T>(
  what: string,
  check: () => T | undefined | Promise<T | undefined>,
  { within, every = 20 }: { readonly within: number; readonly every?: number },
): Promise<T> {
  const end = Date.now() + within
  for (;;) {
    const found = await check()
    if (found !== undefined) return found
    if (Date.now() > end) throw new LabError(`timed out after ${within / 1000} s waiting for ${what}`)
    await new Promise((wake) => setTimeout(wake, every))
  }
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === 'SIGKILL' ? 9 : signal === 'SIGINT' ? 2 : 15
}
