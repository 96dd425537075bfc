/**
 * A shell for tests: runs every script in a new `/bin/sh` of this machine. It keeps the promises of `Shell`;
 * here even a light script has its own pipes.
 */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Channel, RunOptions, Shell, ShellReply } from '../../connection/connection.ts'
import { sayDescriptor, sayText } from '../../connection/frame.ts'
import { MarkScanner } from '../../connection/marks.ts'
import { SentScript, type StreamName } from '../../connection/sent-script.ts'

export interface LocalShell extends Shell {
  /** Scripts that were sent, in order. */
  readonly scripts: string[]
  /** Makes every later script find a lost connection. */
  lose(): void
}

export function createLocalShell(environment: Readonly<Record<string, string>> = {}): LocalShell {
  const scripts: string[] = []
  const gone = new AbortController()
  return {
    scripts,
    greeting: { bootId: '', uid: process.getuid?.() ?? 0, hostname: '' },
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
    const nonce = randomBytes(16).toString('hex')
    const definitions = [sayText(nonce), ...(options.helpers ?? []).map(({ text }) => text)].join('\n')
    const child = spawn(
      '/bin/sh',
      ['-c', options.onSay === undefined ? mute : speaking, 'sh', script, definitions],
      {
        env: { ...process.env, LC_ALL: 'C.UTF-8', ...environment },
        detached: true,
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    )
    const sent = new SentScript(1, options)
    const ended = Promise.all([
      untilEnd(child.stdout, 'stdout', { sent, nonce }),
      untilEnd(child.stderr, 'stderr', { sent, nonce }),
    ])
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
      // A killed shell prints no end mark, and processes that it left may hold the streams.
      const patience = code === null ? sleep(100) : ended
      void patience.then(() => {
        const output = { stdout: sent.stdout.bytes(), stderr: sent.stderr.bytes() }
        if (sent.fault !== undefined) reject(sent.fault.error)
        else if (timedOut) resolve({ kind: 'timedOut', ...output })
        else resolve({ kind: 'exited', code: code ?? 255, ...output })
      })
    })
    child.stdin.on('error', () => undefined)
    child.stdin.end(options.stdin ?? Buffer.alloc(0))
  })
}

/**
 * As in the framed shell: the script's own end counts, not that of processes it left, and only after all its
 * output has arrived.
 */
const mute = scriptWith('')
const speaking = scriptWith(`exec ${sayDescriptor}>&1;`)

function scriptWith(opening: string): string {
  return `eval "$2"; ( ${opening} eval "$1" ); code=$?
end() { printf '\\000%s%s E 1 %s\\n' "$__gpuplay_a" "$__gpuplay_b" "$code"; }
end; end >&2; exit $code`
}

/** Collects the output of a script on one stream; resolves at its end. */
function untilEnd(
  stream: Readable,
  name: StreamName,
  { sent, nonce }: { sent: SentScript; nonce: string },
): Promise<void> {
  return new Promise((resolve) => {
    let ended = false
    const scanner = new MarkScanner(nonce, {
      data: (bytes) => {
        if (!ended) sent[name].push(bytes)
      },
      mark: (mark) => {
        if (mark.kind === 'said' && !ended) sent.say(mark)
        if (mark.kind !== 'end') return
        ended = true
        resolve()
      },
    })
    stream.on('data', (chunk: Buffer) => scanner.push(chunk))
    stream.once('close', resolve)
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
