/** The lab as an inventory that gpuplay reads. */
import { join } from 'node:path'
import { stringify } from 'yaml'
import { defined } from '../../src/base/defined.ts'
import type { Topology } from './topology.ts'

interface Hosts {
  readonly vars?: Readonly<Record<string, unknown>>
  readonly hosts: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/**
 * Text of `inventory.yaml` in the lab's state directory: the hosts, their addresses and their settings. The
 * first container of a node gets the first GPU, the second one the second, and so on; all further ones share
 * the last GPU.
 */
export function inventory(shape: Topology, stateDir: string): string {
  const { vars, hosts } = reached(shape, stateDir)
  const nodes = Object.entries(hosts).map(([name, reach]) => [
    name,
    {
      ...reach,
      nvidia_driver_version: '580.95.05',
    },
  ])
  const containers = shape.nodes.flatMap((node) =>
    node.containers.map((container, index) => [
      container.hostname,
      {
        node: node.name,
        ctid: container.ctid,
        gpu_assignment: String(Math.min(index, Math.max(node.gpus.length - 1, 0))),
        ...defined({ cuda_toolkit_version: index === 0 ? '12.8' : undefined }),
      },
    ]),
  )
  return grouped({
    nodes: {
      vars: { ...vars, user: 'root', nvidia_host_reboot: 'auto' },
      hosts: Object.fromEntries(nodes),
    },
    containers: { hosts: Object.fromEntries(containers) },
  })
}

/**
 * Text of `addresses.yaml`: only the addresses of the nodes, for an inventory with all other settings
 * (inventory/lab).
 */
export function addresses(shape: Topology, stateDir: string): string {
  return grouped({ nodes: reached(shape, stateDir) })
}

function reached(shape: Topology, stateDir: string): Hosts {
  return {
    vars: { private_key: join(stateDir, 'id_ed25519'), known_hosts: join(stateDir, 'known_hosts') },
    hosts: Object.fromEntries(shape.nodes.map(({ name, address }) => [name, { address }])),
  }
}

function grouped(groups: Readonly<Record<string, Hosts>>): string {
  return stringify({ all: { children: groups } })
}
