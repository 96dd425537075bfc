/** Running programs of the machine that the lab is built on. */
import { spawn } from 'node:child_process'

/** What went wrong with the lab, for the person who called it: what, and what to do. */
export class LabError extends Error {
  readonly hint: string | undefined
  constructor(message: string, hint?: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'LabError'
    this.hint = hint
  }
}

export interface Finished {
  /** Exit status; 128 + N when signal N ended the program. */
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly input?: string
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Give up (SIGKILL) after this many milliseconds; two minutes unless said. */
  readonly timeout?: number
}

/** Runs a program to its end, whatever its exit status. Throws only when it cannot be started or takes too long. */
export function attempt(argv: readonly string[], options: RunOptions = {}): Promise<Finished> {
  const [program = '', ...args] = argv
  const timeout = options.timeout ?? 120_000
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      env: { ...process.env, ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
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
      if (late) reject(new LabError(`${argv.join(' ')} took longer than ${timeout / 1000} s`))
      else resolve({ code: code ?? 128 + signalNumber(signal), stdout: text(stdout), stderr: text(stderr) })
    })
  })
}

/** Runs a program and returns its standard output; an exit status other than 0 throws with what it said. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<string> {
  const done = await attempt(argv, options)
  if (done.code !== 0) {
    const said = (done.stderr.trim() || done.stdout.trim()).split('\n').slice(-12).join('\n')
    throw new LabError(`${argv.slice(0, 4).join(' ')} ended with status ${done.code}${said && `:\n${said}`}`)
  }
  return done.stdout
}

/** Waits until `check` gives something other than `undefined`, asking every `every` milliseconds. */
export async function until<T>(
  what: string,
  check: () => T | undefined | Promise<T | undefined>,
  { within, every = 20 }: { readonly within: number; readonly every?: number },
): Promise<T> {
  const end = Date.now() + within
  for (;;) {
    const found = await check()
    if (found !== undefined) return found
    if (Date.now() > end) throw new LabError(`gave up after ${within / 1000} s waiting for ${what}`)
    await new Promise((wake) => setTimeout(wake, every))
  }
}

function text(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}

function signalNumber(signal: NodeJS.Signals | null): number {
  return signal === 'SIGKILL' ? 9 : signal === 'SIGINT' ? 2 : 15
}
