/**
 * The packages that DKMS needs to build for the running kernel and for those that will be installed later: the headers of
 * this kernel, and the metapackage that brings those of the next. Names: debian/control of proxmox/pve-kernel (`pve-headers-*`
 * up to Proxmox VE 7 on Debian 11, `proxmox-headers-*` since).
 */
export function headerPackages(kernel: string, debian: string): readonly string[] {
  if (!kernel.endsWith('-pve')) return [`linux-headers-${kernel}`, 'linux-headers-amd64']
  if (Number.parseInt(debian, 10) <= 11) return [`pve-headers-${kernel}`, 'pve-headers']
  return [`proxmox-headers-${kernel}`, 'proxmox-default-headers']
}
