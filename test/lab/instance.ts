/**
 * Several labs can run on one machine at a time. Each has a name (environment variable `GPUPLAY_LAB`, default `lab`), a state
 * directory and an address range.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LabError, run } from './process.ts'

/** Removed by `down`. Contains everything of a lab except the image cache. */
export const stateRoot = '/run/gpuplay-lab'
/** Images, repositories and keys, built once; can be deleted while no lab is running. */
export const cacheRoot = process.env['GPUPLAY_LAB_CACHE'] ?? '/var/cache/gpuplay-lab'

export interface Instance {
  readonly name: string
  readonly stateDir: string
  /** Name of the lab's cgroup in every hierarchy of the machine. */
  readonly cgroup: string
}

export function instance(name: string = process.env['GPUPLAY_LAB'] ?? 'lab'): Instance {
  if (!/^[a-z0-9][a-z0-9-]{0,19}$/.test(name))
    throw new LabError(`"${name}" cannot be the name of a lab`, 'Use 1 to 20 of a-z, 0-9 and -.')
  return { name, stateDir: join(stateRoot, name), cgroup: `gpuplay-lab-${name}` }
}

/** The addresses of one lab: a /20. The machine has one of them, so plain `ssh` reaches the nodes. */
export interface Network {
  readonly slot: number
  /** The machine's end of the link. */
  readonly link: string
  readonly prefix: number
  /** The simulated internet: name server, web server, default gateway. */
  readonly internet: string
  readonly machine: string
  node(index: number): string
  container(index: number): string
}

const slots = Array.from({ length: 64 }, (_, slot) => slot)

export function network(slot: number): Network {
  const second = [77, 213, 151, 239][Math.floor(slot / 16)] ?? 77
  const third = (slot % 16) * 16
  const address = (host: number) => `10.${second}.${third + (host >> 8)}.${host & 255}`
  return {
    slot,
    link: `gpulab${slot}`,
    prefix: 20,
    internet: address(1),
    machine: address(2),
    node: (index) => address(256 + 1 + index),
    container: (index) => address(1024 + 1 + index),
  }
}

/** Allocates a range that neither another lab nor the machine's routes use. */
export async function claimNetwork(owner: Instance): Promise<Network> {
  const directory = join(stateRoot, '.networks')
  mkdirSync(directory, { recursive: true })
  releaseNetwork(owner)
  const taken = await routes()
  for (const slot of slots) {
    const candidate = network(slot)
    if (taken.some((route) => overlaps(route, { address: candidate.internet, prefix: candidate.prefix })))
      continue
    try {
      writeFileSync(join(directory, String(slot)), owner.name, { flag: 'wx' })
      return candidate
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
    }
  }
  throw new LabError(
    'all address ranges for labs are in use',
    'Stop labs that are no longer needed; to list them, run: ls /run/gpuplay-lab',
  )
}

export function releaseNetwork(owner: Instance): void {
  const directory = join(stateRoot, '.networks')
  if (!existsSync(directory)) return
  for (const entry of readdirSync(directory)) {
    const file = join(directory, entry)
    const name = readFileSync(file, 'utf8')
    if (name === owner.name || !existsSync(join(stateRoot, name))) rmSync(file, { force: true })
  }
}

interface Route {
  readonly address: string
  readonly prefix: number
}

async function routes(): Promise<readonly Route[]> {
  const lines = (await run(['ip', '-4', '-o', 'route', 'show', 'table', 'all'])).split('\n')
  return lines.flatMap((line) => {
    const found = /^(?:\w+ )?(\d+\.\d+\.\d+\.\d+)(?:\/(\d+))? /.exec(line)
    return found?.[1] === undefined ? [] : [{ address: found[1], prefix: Number(found[2] ?? 32) }]
  })
}

export function overlaps(a: Route, b: Route): boolean {
  const shift = 32 - Math.min(a.prefix, b.prefix)
  if (shift === 32) return false // a default route covers everything and takes nothing
  return Math.floor(number(a.address) / 2 ** shift) === Math.floor(number(b.address) / 2 ** shift)
}

function number(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
}
