/** Divides the hosts of each play into batches (`serial`). */
import type { HostName } from '../base/brand.ts'
import type { Problem } from '../base/errors.ts'
import type { BatchSize } from '../language/batch-size.ts'
import { problem } from '../language/source.ts'
import type { ChosenPlay } from './selection.ts'

/** Hosts that run a play together. The next batch starts when all of them have ended it. */
export interface Batch {
  /** From 1. */
  readonly number: number
  /** The number of batches of the play. */
  readonly of: number
  /** In the order of the inventory. */
  readonly hosts: readonly HostName[]
}

/** A play with its hosts, in batches. */
export interface SelectedPlay extends ChosenPlay {
  readonly batches: readonly Batch[]
}

type NodeOf = (host: HostName) => HostName | undefined

/**
 * With `after: node`, a container belongs to the batch of its node if the play has both, and `serial` counts
 * only the other hosts.
 */
export function inBatches(plays: readonly ChosenPlay[], nodeOf: NodeOf): readonly SelectedPlay[] {
  return plays.map((play) => ({ ...play, batches: batchesOf(play, nodeOf) }))
}

function batchesOf({ hosts, after, play }: ChosenPlay, nodeOf: NodeOf): readonly Batch[] {
  const all = new Set(hosts)
  const followers = new Map<HostName, HostName[]>()
  const leaders = hosts.filter((host) => {
    const node = after === 'node' ? nodeOf(host) : undefined
    if (node === undefined || !all.has(node)) return true
    followers.set(node, (followers.get(node) ?? []).concat(host))
    return false
  })
  const groups = grouped(leaders, play.serial?.sizes ?? [{ kind: 'share', percent: 100 }])
  return groups.map((group, index) => {
    const members = new Set(group.flatMap((host) => [host, ...(followers.get(host) ?? [])]))
    return { number: index + 1, of: groups.length, hosts: hosts.filter((host) => members.has(host)) }
  })
}

/** A share of hosts is rounded down, to at least one host. */
function grouped(hosts: readonly HostName[], sizes: readonly BatchSize[]): readonly (readonly HostName[])[] {
  const groups: (readonly HostName[])[] = []
  for (let first = 0; first < hosts.length;) {
    const size = sizes[Math.min(groups.length, sizes.length - 1)]
    if (size === undefined) throw new Error('a play has batches without a size')
    const count =
      size.kind === 'hosts' ? size.count : Math.max(1, Math.floor((size.percent * hosts.length) / 100))
    groups.push(hosts.slice(first, first + count))
    first += count
  }
  return groups
}

/** Checks that `serial` lets every container start after its node, before any connection. */
export function checkBatches(plays: readonly SelectedPlay[], nodeOf: NodeOf): readonly Problem[] {
  return plays.flatMap((play) => earlyContainers(play, nodeOf).slice(0, 1)).map(({ problem: found }) => found)
}

/** The containers in an earlier batch than their node. */
export function earlyContainers(
  { name, play, batches }: SelectedPlay,
  nodeOf: NodeOf,
): readonly { readonly host: HostName; readonly problem: Problem }[] {
  const { serial } = play
  if (serial === undefined) return []
  const numbers = new Map(batches.flatMap(({ number, hosts }) => hosts.map((host) => [host, number])))
  return [...numbers].flatMap(([host, number]) => {
    const node = nodeOf(host)
    const later = node === undefined ? undefined : numbers.get(node)
    if (later === undefined || later <= number) return []
    const message = `play "${name}" has ${host} in batch ${number} and its node ${node} in batch ${later}, but a container starts after its node`
    const hint = 'set "after: node", which puts containers into the batch of their node'
    return [{ host, problem: problem('container-before-node', message, { where: serial.where, hint }) }]
  })
}
