/** A host for conformance tests: a folder of this machine, or a node or container of the lab. */
import { execFileSync } from 'node:child_process'
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type HostName, hostName } from '../../src/base/brand.ts'
import type { Action } from '../../src/host/action.ts'
import { loadInventory } from '../../src/inventory/inventory.ts'
import type { LabNode } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { createEngine, type Engine } from './engine.ts'

export interface Subject {
  readonly name: HostName
  readonly engine: Engine
  /** The names of the host and of its node in the snapshot (a node is its own node). */
  readonly places: { readonly host: string; readonly node: string }
  /** The compared state, by `PLACE:PATH`. If an entry is not a file, PATH does not start with `/`. */
  snapshot(): Promise<ReadonlyMap<string, string>>
  /** The last snapshot, if only cases have changed the host since. */
  latest(): ReadonlyMap<string, string> | undefined
  /** Discards the last snapshot, because something else changes the host. */
  forget(): void
  /** Runs a shell command on the host to prepare a case. */
  prepare(command: string): Promise<void>
  /** The effects that earlier cases declared for the next boot. */
  readonly awaitsBoot: Action[]
}

/** This machine. Only the folder is compared, so this is only for modules for files. */
export function localSubject(folder: string): Subject {
  const engine = createEngine({ inventory: loadInventory(['localhost,']), stateDirectory: `${folder}.state` })
  return {
    name: hostName('localhost'),
    engine,
    places: { host: 'local', node: 'local' },
    snapshot: () => Promise.resolve(new Map(walk(folder).map(([path, what]) => [`local:${path}`, what]))),
    latest: () => undefined,
    forget: () => undefined,
    prepare: (command) => {
      execFileSync('/bin/sh', ['-c', command])
      return Promise.resolve()
    },
    awaitsBoot: [],
  }
}

/** The nodes and containers of a lab, by their names in its inventory. */
export function labSubjects(lab: Lab): {
  subject(name: string): Subject
  forget(): void
  close(): Promise<void>
} {
  const engine = createEngine({ inventory: loadInventory([join(lab.instance.stateDir, 'inventory.yaml')]) })
  const subjects = new Map<string, Subject>()
  let latest: ReadonlyMap<string, string> | undefined
  const make = (name: string): Subject => {
    const container = lab.containers.find(({ spec }) => spec.hostname === name)
    const node = container?.node.spec.name ?? name
    const place = container === undefined ? name : `${node} container ${container.spec.ctid}`
    const host = container ?? lab.node(name)
    return {
      name: hostName(name),
      engine,
      places: { host: place, node },
      async snapshot() {
        latest = await snapshotOf(lab)
        return latest
      },
      latest: () => latest,
      forget() {
        latest = undefined
      },
      prepare: async (command) => void (await host.output(command)),
      awaitsBoot: [],
    }
  }
  return {
    subject(name) {
      const subject = subjects.get(name) ?? make(name)
      subjects.set(name, subject)
      return subject
    },
    forget() {
      latest = undefined
    },
    close: () => engine.close(),
  }
}

/**
 * In addition to files: the boot of each node and container. The path of a container's configuration is the
 * one in Proxmox.
 */
async function snapshotOf(lab: Lab): Promise<ReadonlyMap<string, string>> {
  const [files, ...boots] = await Promise.all([
    lab.snapshotFiles(),
    ...lab.nodes.map((node) => bootsOf(node)),
  ])
  const shown = [...files].map(
    ([name, what]) =>
      [name.replace(/\/var\/lib\/pve-cluster\/files\/nodes\/[^/]+\//, '/etc/pve/'), what] as const,
  )
  return new Map([...shown, ...boots.flat()])
}

async function bootsOf(node: LabNode): Promise<readonly (readonly [string, string])[]> {
  const { name, containers } = node.spec
  const asked = containers.map(({ ctid }) => `lxc-info -n ${ctid} -pH || echo`).join('; ')
  const lines = (await node.output(`cat /proc/sys/kernel/random/boot_id; ${asked}`)).split('\n')
  const guests = containers.map(
    ({ ctid }, index) => [`${name} container ${ctid}:boot`, lines[index + 1] ?? ''] as const,
  )
  return [[`${name}:boot`, lines[0] ?? ''], ...guests]
}

function walk(folder: string): readonly (readonly [string, string])[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name)
    const stats = lstatSync(path)
    const what = [stats.mode.toString(8), stats.uid, stats.gid]
    if (entry.isDirectory()) return [[path, what.join(' ')] as const, ...walk(path)]
    const content = entry.isSymbolicLink() ? readlinkSync(path) : readFileSync(path, 'utf8')
    return [[path, [...what, content].join(' ')] as const]
  })
}
