/**
 * The packages that DKMS needs to build for the running kernel, for the kernel of the next boot, and for
 * those that will be installed later (a metapackage). Names: debian/control of proxmox/pve-kernel
 * (`pve-headers-*` up to Proxmox VE 7 on Debian 11, `proxmox-headers-*` since).
 */
export function headerPackages(
  kernel: string,
  { installed, debian }: { readonly installed: readonly string[]; readonly debian: string },
): readonly string[] {
  const family = familyOf(kernel, debian)
  const newest = installed
    .filter((other) => other.endsWith('-pve') === kernel.endsWith('-pve'))
    .sort(byNumbers)
    .at(-1)
  const kernels = [...new Set([kernel, newest ?? kernel])]
  return [...kernels.map((release) => `${family.prefix}${release}`), family.metapackage]
}

/** Kernel releases in a listing of /boot. */
export function installedKernels(boot: readonly string[]): readonly string[] {
  return boot.flatMap((name) => (name.startsWith('vmlinuz-') ? [name.slice('vmlinuz-'.length)] : []))
}

function familyOf(kernel: string, debian: string): { readonly prefix: string; readonly metapackage: string } {
  if (!kernel.endsWith('-pve')) return { prefix: 'linux-headers-', metapackage: 'linux-headers-amd64' }
  if (Number.parseInt(debian, 10) <= 11) return { prefix: 'pve-headers-', metapackage: 'pve-headers' }
  return { prefix: 'proxmox-headers-', metapackage: 'proxmox-default-headers' }
}

/** 6.8.12-9-pve is older than 6.8.12-10-pve. */
function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
