/**
 * The packages that DKMS needs to build for kernels that are installed, and for those that will be installed
 * later: the metapackages of their series and of the default one. Names: debian/control of proxmox/pve-kernel
 * (`pve-headers-*` up to Proxmox VE 7 on Debian 11, `proxmox-headers-*` since).
 */
import { seriesOf } from './kernels.ts'

/** @param debian VERSION_ID of the node's Debian */
export function headerPackages(kernels: readonly string[], debian: string): readonly string[] {
  const packages = kernels.flatMap((kernel) => packagesFor(kernel, debian))
  const metapackages = kernels.map((kernel) => defaultMetapackage(kernel, debian))
  return [...new Set([...packages, ...metapackages])]
}

function packagesFor(kernel: string, debian: string): readonly string[] {
  if (!kernel.endsWith('-pve')) return [`linux-headers-${kernel}`]
  const prefix = isProxmox7(debian) ? 'pve-headers-' : 'proxmox-headers-'
  return [`${prefix}${kernel}`, `${prefix}${seriesOf(kernel)}`]
}

function defaultMetapackage(kernel: string, debian: string): string {
  if (!kernel.endsWith('-pve')) return 'linux-headers-amd64'
  return isProxmox7(debian) ? 'pve-headers' : 'proxmox-default-headers'
}

function isProxmox7(debian: string): boolean {
  return Number.parseInt(debian, 10) <= 11
}
