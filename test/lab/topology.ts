/** The parts of a lab: nodes with their GPUs, and containers. */
import { LabError } from './process.ts'
import type { NodeSpec } from './hardware.ts'
import type { Network } from './instance.ts'

export interface ContainerSpec {
  readonly ctid: number
  readonly hostname: string
  readonly unprivileged: boolean
  /** Started after its creation, and with its node. */
  readonly running: boolean
  readonly address: string
  /**
   * Default: Debian 12. `ubuntu-24.04` is a Debian root with Ubuntu's os-release, apt sources and driver packages: the
   * lab has no Ubuntu packages.
   */
  readonly os?: 'ubuntu-24.04'
  /** `ip=dhcp`, and the address arrives so many seconds after each start. Default: set before the start. */
  readonly addressAfter?: number
}

export interface LabNodeSpec extends NodeSpec {
  readonly address: string
  readonly containers: readonly ContainerSpec[]
}

export interface Topology {
  readonly nodes: readonly LabNodeSpec[]
}

export interface TopologyOptions {
  /** Number of nodes, named pve1, pve2, ... */
  readonly nodes?: number
  /** Containers on each node; the first privileged, the second not, and so on. */
  readonly containers?: number
  readonly gpusPerNode?: number
  /** Whether the containers are started. */
  readonly running?: boolean
  /** Changes a node before its creation: kernels, version of Proxmox VE, Secure Boot, a cluster, a GPU that a VM owns. */
  readonly adjust?: (node: LabNodeSpec) => LabNodeSpec
}

/** Kernels of the default series in the Proxmox repository; nodes run the first. */
export const kernels = ['6.8.12-9-pve', '6.8.12-10-pve'] as const
/** Kernels of opt-in series: the default metapackages do not depend on them. No 580 driver compiles for the last one. */
export const optInKernels = ['6.14.8-2-bpo12-pve', '7.1.3-1-pve'] as const

/**
 * The lab's usual shape: equal nodes, containers 101, 102, ... on the first, 201, 202, ... on the second.
 * On every second node, the minors are in the reverse order of the PCI addresses.
 */
export function topology(network: Network, options: TopologyOptions = {}): Topology {
  const nodes = bounded('nodes', options.nodes ?? 2, 1, 200)
  const containers = bounded('containers', options.containers ?? 2, 0, 90)
  const gpus = bounded('gpusPerNode', options.gpusPerNode ?? 2, 0, 16)
  const adjust = options.adjust ?? ((node: LabNodeSpec) => node)
  const plain = Array.from({ length: nodes }, (_, node): LabNodeSpec => ({
    name: `pve${node + 1}`,
    address: network.node(node),
    kernel: kernels[0],
    pveVersion: '8.4.1',
    gpus: Array.from({ length: gpus }, (_, gpu) => ({
      pci: `0000:${hex(gpu === 0 ? 1 : gpu * 0x40 + 1)}:00.0`,
      model: 'NVIDIA GeForce RTX 5060 Ti',
      deviceId: '2d04',
      memoryMiB: 16311,
      uuid: uuid(node, gpu),
      minor: node % 2 === 1 ? gpus - 1 - gpu : gpu,
    })),
    containers: Array.from({ length: containers }, (_, index) => ({
      ctid: (node + 1) * 100 + 1 + index,
      hostname: `ct${(node + 1) * 100 + 1 + index}`,
      unprivileged: index % 2 === 1,
      running: options.running ?? true,
      address: network.container(node * containers + index),
    })),
  }))
  return { nodes: plain.map((node) => adjust(node)) }
}

function uuid(node: number, gpu: number): string {
  const digits = hex(0x8f3c0000 + node * 0x100 + gpu)
  return `GPU-${digits}-5060-4c1e-a5b2-${hex(node + 1).padStart(6, '0')}${hex(gpu).padStart(6, '0')}`
}

function hex(value: number): string {
  return value.toString(16).padStart(2, '0')
}

function bounded(what: string, value: number, least: number, most: number): number {
  if (Number.isInteger(value) && value >= least && value <= most) return value
  throw new LabError(`${what} must be a whole number from ${least} to ${most}, not ${value}`)
}
