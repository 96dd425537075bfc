/** A shell for tests: every script is run by a fresh `/bin/sh` of this machine. What it promises is what `Shell` promises. */
import { spawn } from 'node:child_process'
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
    const child = spawn('/bin/sh', ['-c', script], {
      env: { ...process.env, ...environment },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const limit = options.limit ?? 4 * 1024 * 1024
    const streams = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) }
    let truncated = false
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].on('data', (chunk: Buffer) => {
        const room = limit - streams[name].length
        if (chunk.length > room) truncated = true
        streams[name] = Buffer.concat([streams[name], chunk.subarray(0, Math.max(0, room))])
      })
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
    // Like the framed shell: the script's end counts, not that of whoever it left behind.
    child.on('exit', (code) => {
      clearTimeout(timer)
      options.signal.removeEventListener('abort', abort)
      setTimeout(() => {
        if (timedOut) resolve({ kind: 'timedOut', ...streams })
        else
          resolve({
            kind: 'exited',
            code: code ?? 255,
            ...streams,
            truncated,
            milliseconds: Date.now() - started,
          })
      }, 5)
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.stdin ?? Buffer.alloc(0))
  })
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
