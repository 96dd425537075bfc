/** Runs `bin/gpuplay` in a separate process with a deadline, and reads its events as they arrive. */
import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Event } from '../../../src/events/events.ts'
import { run as runProgram } from '../../lab/process.ts'

export const root = fileURLToPath(new URL('../../..', import.meta.url))

export interface Ended {
  /** Exit status; 128 + N if signal N ended it. */
  readonly exitCode: number
  /** All output, for failed assertions. */
  readonly text: string
  readonly events: readonly Event[]
}

export interface StartOptions {
  /** Default: `jsonl`; other formats have no events. */
  readonly output?: 'jsonl' | 'plain'
  readonly env?: Readonly<Record<string, string>>
  /** The folder in which it runs; default: the root of the repository. */
  readonly cwd?: string
  /** Milliseconds until it is killed, which fails the test; default: four minutes. */
  readonly deadline?: number
}

/** A running gpuplay. */
export class Controller {
  readonly ended: Promise<Ended>
  readonly #child: ChildProcess
  readonly #events: Event[] = []
  readonly #waiting = new Set<() => void>()

  constructor(
    words: readonly string[],
    { output = 'jsonl', env, cwd = root, deadline = 240_000 }: StartOptions,
  ) {
    const argv = [join(root, 'bin/gpuplay'), ...words, ...(words[0] === 'run' ? ['--output', output] : [])]
    const child = spawn(process.execPath, argv, {
      cwd,
      // The files of a phase share a lab and its inventory: the runs of one must not prune the logs of another.
      env: { ...process.env, NO_COLOR: '1', GPUPLAY_KEEP_RUNS: '1000', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#child = child
    const printed: string[] = []
    let rest = ''
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      printed.push(chunk)
      if (output !== 'jsonl') return
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines.filter((text) => text.startsWith('{"v":'))) {
        const event: Event = JSON.parse(line)
        this.#events.push(event)
      }
      for (const look of this.#waiting) look()
    })
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => printed.push(chunk))
    this.ended = new Promise((resolve, reject) => {
      let late = false
      const timer = setTimeout(() => {
        late = true
        child.kill('SIGKILL')
      }, deadline)
      child.once('error', reject)
      child.once('close', (code, signal) => {
        clearTimeout(timer)
        const text = printed.join('')
        if (late) {
          const what = `gpuplay ${words.join(' ')} took longer than ${deadline / 1000} s`
          reject(new Error(`${what}:\n${text.slice(-3000)}`))
        } else {
          const exitCode = code ?? 128 + (signal === 'SIGKILL' ? 9 : signal === 'SIGINT' ? 2 : 15)
          resolve({ exitCode, text, events: this.#events })
        }
        for (const look of this.#waiting) look()
      })
    })
    // The function that waits for an event reports the failure.
    this.ended.catch(() => undefined)
  }

  /** Resolves with the first matching event; rejects if the run ends without one. */
  seen(what: string, wanted: (event: Event) => boolean): Promise<Event> {
    return new Promise((resolve, reject) => {
      const done = (settle: () => void): void => {
        this.#waiting.delete(look)
        settle()
      }
      const look = (): void => {
        const found = this.#events.find(wanted)
        if (found !== undefined) return done(() => resolve(found))
        if (this.#child.exitCode !== null || this.#child.signalCode !== null)
          done(() => reject(new Error(`the run ended without ${what}`)))
      }
      this.#waiting.add(look)
      look()
    })
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }
}

/** Starts gpuplay. Builds it first if the build is older than the sources. */
export async function start(words: readonly string[], options: StartOptions = {}): Promise<Controller> {
  await built()
  return new Controller(words, options)
}

/** Runs gpuplay to its end. */
export async function gpuplay(words: readonly string[], options: StartOptions = {}): Promise<Ended> {
  const controller = await start(words, options)
  return controller.ended
}

let building: Promise<void> | undefined

function built(): Promise<void> {
  building ??= build()
  return building
}

async function build(): Promise<void> {
  const entry = join(root, 'dist/cli/main.js')
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  const newest = Math.max(...sources.map((name) => statSync(join(root, 'src', name)).mtimeMs))
  if (existsSync(entry) && statSync(entry).mtimeMs > newest) return
  await runProgram([process.execPath, '--import', 'tsx', join(root, 'scripts/build.ts')])
}
