/** Runs programs and measures their cost on this machine. */
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defined } from '../src/base/defined.ts'

export interface Command {
  readonly argv: readonly string[]
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
}

export interface Sample {
  /** Seconds from the start of the program to its end. */
  readonly wall: number
  /** Seconds of processor time, user and system, of it and its children (wait4). */
  readonly cpu: number
  /** Peak of the resident memory in MB, of the largest of these processes. */
  readonly memory: number
  /**
   * Seconds of processor time of all hosts during the run; undefined if they are not in a cgroup of the
   * bench.
   */
  readonly hostCpu?: number
}

export interface Measured {
  readonly sample: Sample
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/**
 * Runs a command to its end. `cgroup` is that of the hosts.
 * @throws Error if it cannot be started.
 */
export async function measure(command: Command, signal: AbortSignal, cgroup?: string): Promise<Measured> {
  signal.throwIfAborted()
  const directory = mkdtempSync(join(tmpdir(), 'gpuplay-bench-'))
  const report = join(directory, 'time')
  const before = cgroup === undefined ? undefined : cpuOf(cgroup)
  const begun = performance.now()
  try {
    const argv = ['-q', '-f', '%U %S %M', '-o', report, ...command.argv]
    const done = await run('/usr/bin/time', argv, command, signal)
    const wall = (performance.now() - begun) / 1000
    const after = cgroup === undefined ? undefined : cpuOf(cgroup)
    const [user = 0, system = 0, kilobytes = 0] = readFileSync(report, 'utf8').trim().split(' ').map(Number)
    const hostCpu = before === undefined || after === undefined ? {} : { hostCpu: after - before }
    return { sample: { wall, cpu: user + system, memory: kilobytes / 1024, ...hostCpu }, ...done }
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** NaN if there is no value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  const at = (index: number): number => sorted[index] ?? NaN
  return (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2
}

interface Done {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

function run(
  program: string,
  argv: readonly string[],
  { cwd, env }: Command,
  signal: AbortSignal,
): Promise<Done> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...argv], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1', ...env },
      ...defined({ cwd }),
      // A separate process group, so that a signal also ends its children.
      detached: true,
    })
    const stop = (): void => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }
    signal.addEventListener('abort', stop, { once: true })
    const written = { stdout: '', stderr: '' }
    child.stdout.setEncoding('utf8').on('data', (text: string) => (written.stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (written.stderr += text))
    child.once('error', reject)
    child.once('close', (code, killed) => {
      signal.removeEventListener('abort', stop)
      if (signal.aborted) reject(new Error('interrupted'))
      else if (code === null) reject(new Error(`${argv.join(' ')} was ended by ${killed ?? 'a signal'}`))
      else resolve({ code, ...written })
    })
  })
}

/** Seconds of processor time that a cgroup (version 1 or 2) has used. */
function cpuOf(cgroup: string): number | undefined {
  const first = join('/sys/fs/cgroup/cpuacct', cgroup, 'cpuacct.usage')
  if (existsSync(first)) return Number(readFileSync(first, 'utf8')) / 1e9
  const second = join('/sys/fs/cgroup', cgroup, 'cpu.stat')
  if (!existsSync(second)) return undefined
  const microseconds = /^usage_usec (\d+)$/m.exec(readFileSync(second, 'utf8'))?.[1]
  return microseconds === undefined ? undefined : Number(microseconds) / 1e6
}
