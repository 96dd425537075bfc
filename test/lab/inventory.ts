/** The lab as an inventory that gpuplay reads. */
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Topology } from './topology.ts'

interface Hosts {
  readonly vars?: Readonly<Record<string, unknown>>
  readonly hosts: Readonly<Record<string, Readonly<Record<string, unknown>>>>
}

/**
 * Text of `inventory.yaml` in the lab's state directory: who there is, how to reach it and what it is to have. GPUs are handed out in turn
 * (the last container of a node gets its last GPU, the others share from the first on).
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
        ...(index === 0 ? { cuda_toolkit_version: '12.8' } : {}),
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

/** Text of `addresses.yaml`: only how the nodes are reached, to stand beside an inventory that says the rest (inventory/lab). */
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
