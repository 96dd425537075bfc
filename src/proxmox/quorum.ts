/** The votes of a cluster, and whether it keeps its quorum without one of its nodes. */
import type { Host } from '../host/host.ts'
import { question } from '../host/question.ts'
import { clusterFile, readCluster } from './cluster.ts'

export interface Votes {
  readonly total: number
  readonly quorum: number
  /** Of this node. */
  readonly own: number
}

/** Undefined if pvecm does not report it. */
export const clusterVotes = question({
  words: ['pvecm', 'status'],
  reads: ['unit:corosync*', 'unit:pve*', 'file:/etc/pve/corosync.conf'],
  parse: ({ code, stdout }) => (code === 0 ? parseVotes(stdout) : undefined),
})

/**
 * Out of `pvecm status`: `Total votes: 3`, `Quorum: 2 ...`, and in the table of members `0x00000001 1
 * 192.0.2.11 (local)`. The total includes the votes of a QDevice; with `two_node` the quorum is 1.
 */
export function parseVotes(status: string): Votes | undefined {
  const total = /^Total votes:\s*(\d+)/m.exec(status)?.[1]
  const needed = /^Quorum:\s*(\d+)/m.exec(status)?.[1]
  if (total === undefined || needed === undefined) return undefined
  const own = /^\s*0x[0-9a-f]+\s+(\d+)\s.*\(local\)/m.exec(status)?.[1]
  return { total: Number(total), quorum: Number(needed), own: Number(own ?? 1) }
}

export type Standing =
  /** No cluster, or none whose other members need this node. */
  | { readonly kind: 'safe' }
  | { readonly kind: 'unmounted' | 'unreadable' }
  /** `left`: votes without this node. */
  | { readonly kind: 'short'; readonly left: number; readonly quorum: number }

/** What a restart of this node does to its cluster. */
export async function readStanding(host: Host): Promise<Standing> {
  const [cluster, mounted] = await Promise.all([readCluster(host), host.stat(clusterFile)])
  if (cluster === undefined) return { kind: 'safe' }
  if (mounted === undefined) return { kind: 'unmounted' }
  if (cluster.members.length === 1) return { kind: 'safe' }
  const votes = await host.ask(clusterVotes)
  if (votes === undefined) return { kind: 'unreadable' }
  const left = votes.total - votes.own
  return left >= votes.quorum ? { kind: 'safe' } : { kind: 'short', left, quorum: votes.quorum }
}
