/** Packages of the Proxmox repository: kernels and their headers, under their old and new names. */
import { kernelFiles } from '../hardware.ts'
import { standin, type PracticePackage } from './package.ts'

/**
 * Names and dependencies: debian/control.in of proxmox/pve-kernel and proxmox/proxmox-kernel-meta.
 * @param kernels releases of the default series as `uname -r` prints them, the newest last
 * @param optIn releases of other series
 */
export function proxmoxPackages(
  kernels: readonly string[],
  optIn: readonly string[],
): readonly PracticePackage[] {
  const defaultSeries = seriesOf(kernels.at(-1) ?? '')
  return [
    ...[...kernels, ...optIn].flatMap((kernel) => [image(kernel), headers(kernel)]),
    ...[kernels.at(-1) ?? '', ...optIn].flatMap((newest) => series(newest)),
    meta('proxmox-default-kernel', '1.1.0', { Depends: `proxmox-kernel-${defaultSeries}` }),
    meta('proxmox-default-headers', '1.1.0', {
      Depends: `proxmox-headers-${defaultSeries}`,
      Provides: 'pve-headers',
    }),
    meta('pve-headers', '8.4.0', { Depends: 'proxmox-default-headers' }),
  ]
}

function meta(name: string, version: string, fields: PracticePackage['fields'] = {}): PracticePackage {
  return { name, version, architecture: 'all', fields }
}

/** The metapackages of a series; they depend on its newest kernel. */
function series(newest: string): readonly PracticePackage[] {
  const name = seriesOf(newest)
  return [
    meta(`proxmox-kernel-${name}`, packageVersion(newest), {
      Depends: `proxmox-kernel-${newest}-signed | proxmox-kernel-${newest}`,
    }),
    meta(`proxmox-headers-${name}`, packageVersion(newest), {
      Depends: `proxmox-headers-${newest}`,
      Provides: `pve-headers-${name}`,
    }),
  ]
}

/** Its postinst runs /etc/kernel/postinst.d, where DKMS builds if the headers are there already. */
function image(kernel: string): PracticePackage {
  const files = Object.entries(kernelFiles(kernel)).filter(([path]) => !path.startsWith('/boot/initrd'))
  return {
    name: `proxmox-kernel-${kernel}-signed`,
    version: packageVersion(kernel),
    files: Object.fromEntries(files.map(([path, text]) => [path, { text }])),
    postinst: `depmod ${kernel}\nupdate-initramfs -c -k ${kernel}\n[ ! -d /etc/kernel/postinst.d ] || run-parts --report --exit-on-error --arg=${kernel} --arg=/boot/vmlinuz-${kernel} /etc/kernel/postinst.d\n`,
    prerm: `rm -f /boot/initrd.img-${kernel}\n`,
    fields: { Provides: `linux-image-${kernel}-amd64, proxmox-kernel-${kernel}` },
  }
}

/** Its postinst does not run /etc/kernel/header_postinst.d: DKMS builds nothing for headers alone. */
function headers(kernel: string): PracticePackage {
  return {
    name: `proxmox-headers-${kernel}`,
    version: packageVersion(kernel),
    files: {
      [`/usr/src/linux-headers-${kernel}/Makefile`]: { text: `# practice headers of ${kernel}\n` },
      [`/usr/src/linux-headers-${kernel}/include/generated/utsrelease.h`]: {
        text: `#define UTS_RELEASE "${kernel}"\n`,
      },
      [`/usr/src/linux-headers-${kernel}/scripts/sign-file`]: standin('nvidia/sign-file'),
    },
    postinst: `mkdir -p /lib/modules/${kernel}\nln -sfn /usr/src/linux-headers-${kernel} /lib/modules/${kernel}/build\n`,
    prerm: `rm -f /lib/modules/${kernel}/build\n`,
    fields: { Provides: `pve-headers-${kernel}, linux-headers-${kernel}` },
  }
}

/** `6.8.12-9-pve` is packaged as 6.8.12-9, `6.14.8-2-bpo12-pve` as 6.14.8-2~bpo12+1. */
function packageVersion(kernel: string): string {
  return kernel.replace(/-pve$/, '').replace(/-bpo12$/, '~bpo12+1')
}

function seriesOf(kernel: string): string {
  return kernel.split('.').slice(0, 2).join('.')
}
