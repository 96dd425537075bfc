/** The configuration of the Phoenix Hypervisor scripts, in memory. */
import { report } from '../../../language/testing/report.ts'
import type { InventoryOptions } from '../../inventory.ts'
import type { Inventory } from '../../inventory-model.ts'
import { inventoryOf, read } from '../../testing/inventories.ts'

export type Json = Readonly<Record<string, unknown>>

/** NVIDIA's URL of a .run. */
export const url = (version: string): string =>
  `https://us.download.nvidia.com/XFree86/Linux-x86_64/${version}/NVIDIA-Linux-x86_64-${version}.run`

/** A template that is created from an archive. */
export const base: Json = {
  name: 'base',
  template: 'debian-12-standard_12.7-1_amd64.tar.zst',
  memory_mb: 2048,
  cores: 2,
  storage_pool: 'tank',
  storage_size_gb: 16,
  network_config: { name: 'eth0', bridge: 'vmbr0', ip: '192.0.2.10/24', gw: '192.0.2.1' },
  gpu_assignment: 'none',
  unprivileged: true,
  features: ['base_setup'],
  template_snapshot_name: 'pre-configured',
}
/** A clone of it, if that is container 900. */
export const gpu: Json = { name: 'gpu', clone_from_ctid: '900', gpu_assignment: '0, 1', features: ['nvidia'] }

export const driver: Json = { version: '580.95.05', runfile_url: url('580.95.05'), cuda_version: '12.8' }
export const hypervisor: Json = {
  nvidia_driver: driver,
  network: { interfaces: { name: 'vmbr0', address: '192.0.2.11/24' } },
}

export const files = ['/i/lxc.json', '/i/node.json']

/** Both files, with a line for each value. */
export function contents(
  containers: Json,
  { file = {}, node = hypervisor }: { file?: Json; node?: Json } = {},
) {
  return {
    '/i/lxc.json': JSON.stringify({ ...file, lxc_configs: containers }, undefined, 1),
    '/i/node.json': JSON.stringify(node, undefined, 1),
  }
}

/** An inventory without mistakes. */
export function inventoryFrom(
  containers: Json,
  more?: Parameters<typeof contents>[1],
  options?: InventoryOptions,
): Inventory {
  return inventoryOf(contents(containers, more), files, options)
}

export function mistakes(containers: Json, more?: Parameters<typeof contents>[1]): readonly string[] {
  return report(read(contents(containers, more), files).problems)
}
