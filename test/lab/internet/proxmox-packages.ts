/** Packages of the practice Proxmox repository: kernels' headers under the names of both ages. */
import type { PracticePackage } from './package.ts'

/** @param kernels releases as `uname -r` prints them, the default one last. */
export function proxmoxPackages(kernels: readonly string[]): readonly PracticePackage[] {
  const newest = kernels.at(-1) ?? ''
  const branch = newest.split('.').slice(0, 2).join('.')
  return [
    ...kernels.map((kernel) => headers(kernel)),
    {
      name: `proxmox-headers-${branch}`,
      version: packageVersion(newest),
      architecture: 'all',
      fields: { Depends: `proxmox-headers-${newest}`, Provides: `pve-headers-${branch}` },
    },
    {
      name: 'proxmox-default-headers',
      version: '1.1.0',
      architecture: 'all',
      fields: { Depends: `proxmox-headers-${branch}`, Provides: 'pve-headers' },
    },
    {
      name: 'pve-headers',
      version: '8.4.0',
      architecture: 'all',
      fields: { Depends: 'proxmox-default-headers' },
    },
  ]
}

function headers(kernel: string): PracticePackage {
  return {
    name: `proxmox-headers-${kernel}`,
    version: packageVersion(kernel),
    files: {
      [`/usr/src/linux-headers-${kernel}/Makefile`]: { text: `# practice headers of ${kernel}\n` },
      [`/usr/src/linux-headers-${kernel}/include/generated/utsrelease.h`]: {
        text: `#define UTS_RELEASE "${kernel}"\n`,
      },
    },
    postinst: `mkdir -p /lib/modules/${kernel}\nln -sfn /usr/src/linux-headers-${kernel} /lib/modules/${kernel}/build\n`,
    prerm: `rm -f /lib/modules/${kernel}/build\n`,
    fields: { Provides: `pve-headers-${kernel}, linux-headers-${kernel}` },
  }
}

/** `6.8.12-9-pve` is packaged as 6.8.12-9. */
function packageVersion(kernel: string): string {
  return kernel.replace(/-pve$/, '')
}
