/** A shell for tests: every script is run by a fresh `/bin/sh` of this machine. What it promises is what `Shell` promises. */
import { spawn } from 'node:child_process'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel, RunOptions, Shell, ShellReply } from '../../connection/connection.ts'

export interface LocalShell extends Shell {
  /** Scripts that were sent, in order. */
  readonly scripts: string[]
  /** From now on every script meets a connection that drops. */
  lose(): void
}

export function createLocalShell(environment: Readonly<Record<string, string>> = {}): LocalShell {
  const scripts: string[] = []
  const gone = new AbortController()
  return {
    scripts,
    greeting: { bootId: '', uid: process.getuid?.() ?? 0, kernel: '', architecture: '', hostname: '' },
    gone: gone.signal,
    lose: () => gone.abort(new Error('dropped')),
    async close() {
      gone.abort(new Error('closed'))
    },
    run(script, options) {
      scripts.push(script)
      if (gone.signal.aborted) return Promise.resolve({ kind: 'lost', why: 'dropped' })
      return runScript(script, options, environment)
    },
  }
}

function runScript(
  script: string,
  options: RunOptions,
  environment: Readonly<Record<string, string>>,
): Promise<ShellReply> {
  return new Promise((resolve, reject) => {
    const started = Date.now()
    const child = spawn('/bin/sh', ['-c', fenced, 'sh', script, fence], {
      env: { ...process.env, ...environment },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const limit = options.limit ?? 4 * 1024 * 1024
    const streams = {
      stdout: new FencedStream(child.stdout, limit),
      stderr: new FencedStream(child.stderr, limit),
    }
    const killAll = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      killAll()
    }, options.timeout)
    const abort = (): void => {
      killAll()
      reject(options.signal.reason as Error)
    }
    options.signal.addEventListener('abort', abort)
    child.on('error', reject)
    child.on('exit', (code) => {
      clearTimeout(timer)
      options.signal.removeEventListener('abort', abort)
      // A shell that was killed has put up no fence; what it left behind may hold the streams.
      const patience = code === null ? sleep(100) : Promise.all([streams.stdout.ended, streams.stderr.ended])
      void patience.then(() => {
        const output = { stdout: streams.stdout.bytes(), stderr: streams.stderr.bytes() }
        if (timedOut) resolve({ kind: 'timedOut', ...output })
        else {
          const truncated = streams.stdout.truncated || streams.stderr.truncated
          resolve({
            kind: 'exited',
            code: code ?? 255,
            ...output,
            truncated,
            milliseconds: Date.now() - started,
          })
        }
      })
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.stdin ?? Buffer.alloc(0))
  })
}

/** Like the framed shell: the script's end counts, not that of whoever it left behind, and not before all of its output is here. */
const fenced = `( eval "$1" ); code=$?; printf %s "$2"; printf %s "$2" >&2; exit $code`
const fence = '\u0001the end of the script\u0002'

/** What a script wrote to one stream, up to the fence. */
class FencedStream {
  readonly ended: Promise<void>
  readonly #limit: number
  #all = Buffer.alloc(0)

  constructor(stream: Readable, limit: number) {
    this.#limit = limit
    this.ended = new Promise((resolve) => {
      stream.on('data', (chunk: Buffer) => {
        this.#all = Buffer.concat([this.#all, chunk])
        if (this.#end !== -1) resolve()
      })
      stream.once('close', resolve)
    })
  }

  get truncated(): boolean {
    return this.#whole().length > this.#limit
  }

  bytes(): Buffer {
    return this.#whole().subarray(0, this.#limit)
  }

  get #end(): number {
    return this.#all.indexOf(fence)
  }

  #whole(): Buffer {
    return this.#end === -1 ? this.#all : this.#all.subarray(0, this.#end)
  }
}

/** Starts a program of this machine as a connection would. */
export async function openLocal(command: string): Promise<Channel> {
  const child = spawn('/bin/sh', ['-c', command], { stdio: ['pipe', 'pipe', 'pipe'] })
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended: new Promise((resolve) => {
      child.on('exit', (code, signal) =>
        resolve(code === null ? { kind: 'signalled', signal: signal ?? '' } : { kind: 'exited', code }),
      )
    }),
    kill: () => void child.kill('SIGKILL'),
  }
}
