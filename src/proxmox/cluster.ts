/**
 * The cluster that a node is a member of, as corosync knows it. The inventory does not decide this: its
 * `pve_cluster` is only compared.
 */
import { HostError } from '../base/errors.ts'
import { knownOr } from '../base/unknown.ts'
import type { Host } from '../host/host.ts'
import type { Refusal } from '../host/plan.ts'

export interface Cluster {
  readonly name: string
  /** In the order of the file; at least one. */
  readonly members: readonly Member[]
}

export interface Member {
  readonly name: string
  /** Of its first link. */
  readonly address: string
}

/** Proxmox's copy, which all members share. */
export const clusterFile = '/etc/pve/corosync.conf'
/** Corosync's own copy. It exists even while /etc/pve is not mounted. */
const localFile = '/etc/corosync/corosync.conf'

/**
 * Undefined for a host without a cluster.
 * @throws HostError if the file lists no members
 */
export async function readCluster(host: Host): Promise<Cluster | undefined> {
  // Unknown only in a dry run that installs packages, and no package makes a node join a cluster.
  const [shared, own] = await Promise.all([host.text(clusterFile), host.maybe(host.text(localFile))])
  const text = shared ?? knownOr(own, undefined)
  if (text === undefined) return undefined
  const cluster = parseCorosync(text)
  if (cluster.members.length === 0)
    throw new HostError({
      code: 'senseless-answer',
      message: `the configuration of corosync on ${host.name} lists no nodes`,
      hint: `check nodelist in ${shared === undefined ? localFile : clusterFile}`,
    })
  return cluster
}

/** The format is that of corosync.conf(5): `NAME {` opens a section, `key: value` is a setting. */
export function parseCorosync(text: string): Cluster {
  const sections: string[] = []
  const members: Member[] = []
  let name = ''
  let member = new Map<string, string>()
  for (const line of text.split('\n').map((one) => one.trim())) {
    const opened = /^(\S+)\s*\{$/.exec(line)?.[1]
    const [, key = '', value = ''] = /^([^\s:#]+)\s*:\s*(.*)$/.exec(line) ?? []
    const place = sections.join(' ')
    if (opened !== undefined) {
      sections.push(opened)
      member = new Map()
    } else if (line === '}') {
      const address = member.get('ring0_addr') ?? member.get('name')
      if (place === 'nodelist node' && address !== undefined)
        members.push({ name: member.get('name') ?? address, address })
      sections.pop()
    } else if (key !== '' && place === 'nodelist node') member.set(key, value)
    else if (key === 'cluster_name' && place === 'totem') name = value
  }
  return { name, members }
}

/**
 * Names of the restarts that exclude each other: a node's restart holds all members of its cluster. Two
 * views of one cluster overlap even if one of them is older; clusters that only share their name do not.
 */
export function restartSlots(cluster: Cluster | undefined): readonly string[] {
  return (cluster?.members ?? []).map(({ address }) => `${cluster?.name ?? ''} ${address}`)
}

/** Why the inventory's `pve_cluster` is wrong for a node; undefined if it is right or not set. */
export function wrongCluster(node: Host, cluster: Cluster | undefined): Refusal | undefined {
  const { cluster: wanted } = node.placement
  if (wanted === undefined || wanted === cluster?.name) return undefined
  const real = cluster === undefined ? 'is in no cluster' : `is in the cluster "${cluster.name}"`
  return {
    code: 'wrong-cluster',
    message: `the inventory says pve_cluster: ${wanted}, but ${node.name} ${real}`,
    hint:
      cluster === undefined
        ? `remove pve_cluster from ${node.name}`
        : `set pve_cluster: ${cluster.name} for ${node.name}, or remove it`,
    exitCode: 2,
  }
}
