/** The shells that a host may have as its `/bin/sh`, for tests of scripts. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe } from 'node:test'
import type { Connection, RunOptions, Shell, ShellReply } from '../connection.ts'
import { localConnection } from '../local.ts'
import { openShell } from '../open-shell.ts'
import { testEffects } from './test-effects.ts'

export const calm: AbortSignal = new AbortController().signal
/** Long enough even on a busy machine, so that only a script that never ends exceeds it. */
export const patience = 120_000
export const usual: RunOptions = { timeout: patience, signal: calm }

export const shellKinds = [
  { name: 'dash', command: 'exec dash' },
  { name: 'bash as sh', command: 'exec bash --posix' },
  { name: 'bash', command: 'exec bash' },
  { name: 'busybox', command: 'exec busybox sh' },
].map((kind) => {
  const [, program = '', ...options] = kind.command.split(' ')
  const there = spawnSync(program, [...(program === 'busybox' ? options : []), '-c', ':']).status === 0
  return { ...kind, skip: there ? false : `${program} is not installed` }
})

export function exited(reply: ShellReply): Extract<ShellReply, { kind: 'exited' }> {
  if (reply.kind !== 'exited') assert.fail(`expected a script that exited, got ${JSON.stringify(reply)}`)
  return reply
}

export async function outputText(
  shell: Shell,
  script: string,
  options: Partial<RunOptions> = {},
): Promise<string> {
  return exited(await shell.run(script, { ...usual, ...options })).stdout.toString()
}

export function alive(pid: string): boolean {
  const state = /^State:\s+(\S)/m.exec(
    spawnSync('cat', [`/proc/${pid.trim()}/status`]).stdout.toString(),
  )?.[1]
  return state !== undefined && state !== 'Z'
}

/** One kind of shell, as tests start it. */
export interface ShellSubject<Way extends Connection> {
  readonly connection: Way
  readonly command: string
  /** Removed after the tests. */
  readonly folder: string
  readonly start: () => Promise<Shell>
}

/** A direct connection to this machine. */
export const locally = (): Connection => localConnection(testEffects())

/** Runs the same tests on every kind of shell, concurrently: most of their time is waiting. */
export function onEveryShell<Way extends Connection>(
  title: string,
  connect: () => Way,
  tests: (on: ShellSubject<Way>) => void,
): void {
  describe(title, { concurrency: true }, () => {
    for (const { name, command, skip } of shellKinds) {
      describe(`on ${name}`, { skip, concurrency: false }, () => {
        const connection = connect()
        const folder = mkdtempSync(join(tmpdir(), 'gpuplay-shell-'))
        after(async () => {
          await connection.close()
          rmSync(folder, { recursive: true, force: true })
        })
        const start = (): Promise<Shell> => openShell(connection, { signal: calm, command })
        tests({ connection, command, folder, start })
      })
    }
  })
}
