/**
 * The cards of a node that containers do not get: those that VMs own, and those that the administrator
 * excludes. `roles/nvidia_host/files/nvidia-driver` reads the same files to reserve these cards for vfio-pci.
 */
import type { Host } from '../host/host.ts'
import { normalAddress, type PciCard } from './cards.ts'

/** Settings of the node's boot service, written by the role nvidia_host. */
export const settingsFile = '/etc/gpuplay/nvidia.conf'

/** Why a card is not for containers. */
export type Withheld =
  | { readonly kind: 'vm'; readonly vm: string }
  | { readonly kind: 'excluded' }
  /** Of a VM elsewhere, or of one that gave it up since the node booted. */
  | { readonly kind: 'vfio' }
  /** By the option NVreg_ExcludedGpus of the kernel module. */
  | { readonly kind: 'ignored' }
  | { readonly kind: 'undriven' }

export interface Claims {
  /** PCI address -> ID of the VM that it is passed to. */
  readonly owners: ReadonlyMap<string, string>
  /** Addresses of excluded cards, as `cardAddress` returns them. */
  readonly excluded: readonly string[]
}

/** Why the card is withheld whatever the driver does; undefined if it is for containers. */
export function claimOn(
  { pci, driver }: Pick<PciCard, 'pci' | 'driver'>,
  { owners, excluded }: Claims,
): Withheld | undefined {
  const vm = owners.get(pci)
  if (vm !== undefined) return { kind: 'vm', vm }
  if (excluded.includes(pci)) return { kind: 'excluded' }
  return driver === 'vfio-pci' ? { kind: 'vfio' } : undefined
}

/** `is passed to VM 900` */
export function whyWithheld(withheld: Withheld): string {
  switch (withheld.kind) {
    case 'vm':
      return `is passed to VM ${withheld.vm}`
    case 'excluded':
      return 'is in nvidia_host_exclude_gpus'
    case 'vfio':
      return 'is bound to vfio-pci'
    case 'ignored':
      return "is excluded by the driver's option NVreg_ExcludedGpus"
    case 'undriven':
      return 'is not driven by the loaded NVIDIA driver'
  }
}

/** What to change so that containers can have the card. */
export function howToRelease(withheld: Withheld): string {
  switch (withheld.kind) {
    case 'vm':
      return 'remove it from that VM (hostpci)'
    case 'excluded':
      return 'remove it from nvidia_host_exclude_gpus and run nodes.yml'
    case 'vfio':
      return 'reboot the node if no VM needs it'
    case 'ignored':
      return 'remove it from that option'
    case 'undriven':
      return 'see `dmesg` on the node'
  }
}

/** The excluded cards in the settings of the boot service; none without the file. */
export async function readExcluded(node: Host): Promise<readonly string[]> {
  const listed = /^EXCLUDE="([^"\n]*)"$/m.exec((await node.text(settingsFile)) ?? '')?.[1] ?? ''
  return listed.split(' ').filter(Boolean).map(cardAddress)
}

/** The card of any of its functions: `0000:01:00.1` -> `0000:01:00.0`. */
export function cardAddress(address: string): string {
  return normalAddress(address).replace(/\.\d$/, '.0')
}
