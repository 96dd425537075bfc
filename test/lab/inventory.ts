/** The lab as an inventory that gpuplay reads. */
import { join } from 'node:path'
import { stringify } from 'yaml'
import type { Topology } from './topology.ts'

/**
 * Text of `inventory.yaml` in the lab's state directory: who there is and how to reach it, GPUs handed out in turn
 * (the last container of a node gets its last GPU, the others share from the first on).
 */
export function inventory(shape: Topology, stateDir: string): string {
  const nodes = shape.nodes.map((node) => [
    node.name,
    { address: node.address, nvidia_driver_version: '580.95.05' },
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
  return stringify({
    all: {
      children: {
        nodes: {
          vars: {
            user: 'root',
            private_key: join(stateDir, 'id_ed25519'),
            known_hosts: join(stateDir, 'known_hosts'),
            // one node at a time
            pve_cluster: 'lab',
            nvidia_host_reboot: 'auto',
          },
          hosts: Object.fromEntries(nodes),
        },
        containers: { hosts: Object.fromEntries(containers) },
      },
    },
  })
}
