/** Helpers of the stand-ins: files, programs, and the exit. */
import { spawnSync } from 'node:child_process'
import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { defined } from '../../../src/base/defined.ts'

/** Ends a stand-in with an exit status and a message on standard error. */
export class Exit extends Error {
  readonly status: number
  constructor(status: number, message = '') {
    super(message)
    this.name = 'Exit'
    this.status = status
  }
}

/** Runs a stand-in's main function with the arguments of the process, and exits with its status. */
export function runMain(main: (argv: readonly string[]) => number): void {
  try {
    process.exitCode = main(process.argv.slice(2))
  } catch (error) {
    if (!(error instanceof Exit)) throw error
    if (error.message !== '') process.stderr.write(`${error.message}\n`)
    process.exitCode = error.status
  }
}

/** The text of a file; `undefined` if it cannot be read. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}

export function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

/** Names in a directory, sorted; none if the directory does not exist. */
export function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).toSorted()
  } catch {
    return []
  }
}

/** Writes to the existing file without replacing it, because it may be mounted over another one. */
export function overwrite(path: string, text: string): void {
  const file = openSync(path, 'a')
  closeSync(file)
  const same = openSync(path, 'r+')
  const bytes = Buffer.from(text)
  if (bytes.length > 0) writeSync(same, bytes, 0, bytes.length, 0)
  if (fstatSync(same).size > bytes.length) ftruncateSync(same, bytes.length)
  closeSync(same)
}

/** Runs `work` while no other process holds the lock, a directory. After 5 s, the holder counts as killed. */
export function withLock<T>(directory: string, work: () => T): T {
  const patience = Date.now() + 5000
  for (;;) {
    try {
      mkdirSync(directory)
      break
    } catch (error) {
      const taken = error instanceof Error && 'code' in error && error.code === 'EEXIST'
      if (!taken) throw error
      if (Date.now() > patience) break
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
    }
  }
  try {
    return work()
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

export interface Ran {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program until it exits; status 127 if it does not exist. */
export function run(command: string, argv: readonly string[], input?: string): Ran {
  const done = spawnSync(command, argv, { encoding: 'utf8', ...defined({ input }) })
  return { status: done.status ?? 127, stdout: done.stdout ?? '', stderr: done.stderr ?? '' }
}

/** The path of a program on the PATH. */
export function which(program: string): string | undefined {
  for (const directory of (process.env['PATH'] ?? '').split(':')) {
    const path = `${directory}/${program}`
    if (directory !== '' && exists(path)) return path
  }
  return undefined
}

export function isRoot(): boolean {
  return process.geteuid?.() === 0
}
