/** What a cluster of Proxmox VE answers, as data: src/fleet/clusters asks for it, cluster-hosts.ts makes hosts of it. */
import type { Problem } from '../../base/errors.ts'

export interface ClusterListing {
  /** Undefined for a node that is in no cluster. */
  readonly cluster: string | undefined
  /** All members, also those that are offline. */
  readonly nodes: readonly ListedNode[]
  /** All containers, templates included. VMs are left out. */
  readonly containers: readonly ListedContainer[]
  /** What could not be read, although the listing as a whole could. */
  readonly warnings: readonly Problem[]
}

export interface ListedNode {
  readonly name: string
  readonly isOnline: boolean
  /** The node that has answered. */
  readonly isLocal: boolean
  /** The address to which Proxmox VE resolves its name. */
  readonly address: string | undefined
  /** Its NVIDIA cards; undefined if nobody asked, or the node did not answer. */
  readonly gpus: readonly ListedGpu[] | undefined
}

export interface ListedGpu {
  /** PCI address: `0000:01:00.0` */
  readonly id: string
  /** Of the PCI ID database; empty if it does not have the card. */
  readonly name: string
}

export interface ListedContainer {
  readonly ctid: number
  /** Its host name, or `CT` and its number if the cluster does not know the name. */
  readonly name: string
  /** The name of its node. */
  readonly node: string
  /** `running`, `stopped`, `unknown`, ... */
  readonly status: string
  readonly isTemplate: boolean
  readonly tags: readonly string[]
  readonly pool: string | undefined
  /** Undefined if nobody asked, or the configuration could not be read. */
  readonly config: ListedConfig | undefined
}

export interface ListedConfig {
  /** The settings in force, by name, without notes and raw `lxc.*` lines. */
  readonly settings: Readonly<Record<string, string | number>>
  /** The raw lines as `[key, value]`, in order. */
  readonly lxc: readonly (readonly [string, string])[]
}

/** The answer to one file of the inventory. */
export type ClusterAnswer =
  | { readonly kind: 'listing'; readonly listing: ClusterListing }
  | { readonly kind: 'failed'; readonly problems: readonly Problem[] }
  /** The command needs no answers, or the file has mistakes. */
  | { readonly kind: 'not asked' }

/** Returns what the cluster of a file of the inventory has answered. */
export type AskedClusters = (path: string) => ClusterAnswer
