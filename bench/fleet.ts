/** Measures the first and the second run of the workload on fleets of several sizes, and the floor. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PlainHost, PlainHosts } from '../test/lab/plain.ts'
import { until } from '../test/lab/process.ts'
import type { Book } from './book.ts'
import type { FloorSettings } from './floor.ts'
import { measure, type Command, type Measured } from './measure.ts'
import { type Reached, repository, type Tool } from './tools.ts'
import { type Tree, treeDifferences, treeOf } from './trees.ts'

export interface Bench {
  readonly book: Book
  readonly tools: readonly Tool[]
  readonly runs: number
  /** For temporary files such as inventories; removed at the end. */
  readonly folder: string
  readonly signal: AbortSignal
}

export interface FleetOptions {
  readonly sizes: readonly number[]
  /** The largest fleet on which other tools are measured: they take minutes. */
  readonly mostForPeers: number
}

/**
 * Measures `fleet TOOL first|converged SIZE` and `fleet floor SIZE`, one tool after the other in each round.
 */
export async function measureFleets(bench: Bench, plain: PlainHosts, options: FleetOptions): Promise<void> {
  for (const size of options.sizes) {
    const hosts = plain.hosts.slice(0, size)
    const reached = hosts.map((host) => reach(plain, host))
    for (let round = 0; round < bench.runs; round += 1) {
      let reference: readonly Tree[] | undefined
      for (const tool of bench.tools) {
        if (tool.name !== 'gpuplay' && size > options.mostForPeers) continue
        await plain.fresh(hosts)
        await quiet(plain, hosts)
        const floor = await measure(floorCommand(reached, bench.folder), bench.signal, plain.cgroup)
        bench.book.add(`fleet floor ${size}`, succeeded(floor, 'the floor').sample)
        const whole = await measureTool(bench, tool, {
          reached,
          what: 'fleet',
          size,
          settle: () => quiet(plain, hosts),
          cgroup: plain.cgroup,
        })
        if (!whole) continue
        const trees = hosts.map((host) => treeOf(plain.disk(host)))
        reference ??= trees
        compare(tool, hosts, reference, trees)
      }
    }
  }
}

export interface OnHosts {
  readonly reached: readonly Reached[]
  /** First word of the label of a measurement. */
  readonly what: string
  readonly size: number
  readonly cgroup: string
  /** Waits until nothing of the previous run is running. */
  settle(): Promise<void>
}

/**
 * Measures a first and a second run of one tool. Returns whether both were measured: if a tool other than
 * gpuplay fails, the bench records that and continues.
 */
export async function measureTool(bench: Bench, tool: Tool, on: OnHosts): Promise<boolean> {
  for (const phase of ['first', 'converged'] as const) {
    await on.settle()
    const measured = await measure(tool.command(on.reached, bench.folder), bench.signal, on.cgroup)
    await tool.afterwards(bench.folder)
    if (measured.code !== 0 && tool.name !== 'gpuplay') {
      const hosts = on.size === 1 ? '1 host' : `${on.size} hosts`
      bench.book.note(
        `A ${phase} run of ${tool.name} on ${hosts} (${on.what}) failed with status ${measured.code} and is not included.`,
      )
      return false
    }
    succeeded(measured, `${tool.name}, ${phase} run`)
    checkOutcome(tool, phase, measured, on.size)
    bench.book.add(`${on.what} ${tool.name} ${phase} ${on.size}`, measured.sample)
  }
  return true
}

export function reach(plain: PlainHosts, { name, address }: PlainHost): Reached {
  return { name, address, port: 22, privateKey: plain.privateKey, knownHosts: plain.knownHosts }
}

export function floorCommand(hosts: readonly Reached[], folder: string): Command {
  const [first] = hosts
  if (first === undefined) throw new Error('the floor needs a host')
  const settings: FloorSettings = { privateKey: first.privateKey, hosts }
  const file = join(folder, 'floor.json')
  writeFileSync(file, JSON.stringify(settings))
  return { argv: [process.execPath, join(repository, 'build/bench/floor.js'), file] }
}

export function succeeded(measured: Measured, what: string): Measured {
  if (measured.code === 0) return measured
  const said = `${measured.stdout}\n${measured.stderr}`.trim().split('\n').slice(-25).join('\n')
  throw new Error(`${what} exited with status ${measured.code}:\n${said}`)
}

/** Waits until no program runs on any host. */
export async function quiet(plain: PlainHosts, hosts: readonly PlainHost[]): Promise<void> {
  for (const host of hosts)
    await until(`${host.name} to have nothing to do`, () => plain.isIdle(host) || undefined, {
      within: 60_000,
    })
}

/** Tasks of the workload that change something on a fresh host. */
const changes = 13

/** @throws Error if the run did not make the expected number of changes: it is no valid measurement. */
function checkOutcome(tool: Tool, phase: 'first' | 'converged', { stdout }: Measured, size: number): void {
  const wanted = phase === 'first' ? changes : 0
  const counts = [...stdout.matchAll(changedPatterns[tool.name])].map(([, count]) => Number(count))
  if (counts.length === 0 && tool.name === 'pyinfra') return
  const total = counts.reduce((sum, count) => sum + count, 0)
  if (total !== wanted * size)
    throw new Error(`${tool.name}, ${phase} run: ${total} changes on ${size} hosts, not ${wanted * size}`)
}

const changedPatterns = {
  gpuplay: /: (\d+) changed in /g,
  ansible: /\bchanged=(\d+)/g,
  mitogen: /\bchanged=(\d+)/g,
  pyinfra: /(?!)/g,
} as const

function compare(
  tool: Tool,
  hosts: readonly PlainHost[],
  reference: readonly Tree[],
  trees: readonly Tree[],
): void {
  for (const [index, { name }] of hosts.entries()) {
    const [wanted, found] = [reference[index], trees[index]]
    if (wanted === undefined || found === undefined) continue
    const differences = treeDifferences(wanted, found)
    if (differences.length > 0)
      throw new Error(
        `${tool.name} left ${name} in a different state than gpuplay:\n${differences.join('\n')}`,
      )
  }
}
