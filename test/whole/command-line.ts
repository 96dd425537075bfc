/** Runs command lines: returns the output and the exit code. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execute } from '../../src/cli/execute.ts'

export const repository = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

export interface Ended {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export type FileTexts = Readonly<Record<string, string>>

/** Creates a folder with these files, and a function that removes it. */
export function makeFolder(files: FileTexts): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'gpuplay-whole-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true })
    writeFileSync(join(path, name), text)
  }
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

/** Differs between the runs of a test, as their names do. */
let random = 0

/**
 * Runs commands in this process, which saves a second of start-up each. Relative paths refer to the real
 * working directory, so use absolute ones; paths in messages are relative to `folder`.
 */
export async function inProcess(words: readonly string[], folder: string): Promise<Ended> {
  const written = { stdout: '', stderr: '' }
  const stream = (name: 'stdout' | 'stderr') => ({
    write: (text: string) => {
      written[name] += text
    },
    isTerminal: false,
  })
  // Not AbortSignal.timeout: if it has a listener, its timer keeps the process alive.
  const late = new AbortController()
  const timer = setTimeout(() => late.abort(new Error('it took longer than a minute')), 60_000)
  const exitCode = await execute(words, {
    world: {
      now: () => new Date(0),
      clock: () => performance.now(),
      sleep: () => Promise.resolve(),
      randomHex: (bytes) => String((random += 1)).padStart(bytes * 2, '0'),
      environment: { PATH: process.env['PATH'] },
      home: folder,
      userName: 'nobody-in-particular',
      hostName: 'controller',
      addresses: [],
      pid: process.pid,
      workingDirectory: folder,
    },
    runtime: 'test',
    version: '0.0.0',
    shipped: repository,
    output: stream('stdout'),
    errors: stream('stderr'),
    signal: late.signal,
    quit: new AbortController().signal,
    askSecret: () => Promise.resolve(undefined),
    killGroup: () => undefined,
  }).finally(() => clearTimeout(timer))
  return { exitCode, ...written }
}

/** Runs the executable in the folder, as last built with `npm run build`. */
export async function inShell(words: readonly string[], folder: string): Promise<Ended> {
  return await runProgram(join(repository, 'bin/gpuplay'), words, folder)
}

export async function runProgram(file: string, words: readonly string[], cwd: string): Promise<Ended> {
  const child = spawn(file, [...words], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const written = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text))
  return await new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (code === null) reject(new Error(`${file} ended with ${signal ?? 'nothing'}: ${written.stderr}`))
      else resolve({ exitCode: code, ...written })
    })
  })
}

/** Listens on a port of this machine, counts connections and closes them. */
export interface Doorbell {
  readonly port: number
  /** Number of connections. */
  rings(): number
  close(): void
}

export async function openDoorbell(): Promise<Doorbell> {
  let rings = 0
  const server = createServer((socket) => {
    rings += 1
    socket.on('error', () => undefined)
    socket.destroy()
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return { port: address.port, rings: () => rings, close: () => void server.close() }
}
