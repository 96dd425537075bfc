/** Files of a Proxmox VE node with NVIDIA cards, for `fakeHost`. */
import type { GpuHost } from './gpu-host.ts'

export interface FakeCard {
  readonly pci: string
  /** PCI device id, as in sysfs: `0x2d04`. */
  readonly device?: string
  readonly driver?: string
}

/**
 * PCI devices below /sys, including an NVIDIA audio function and another vendor's card, which must be
 * ignored.
 */
export function fakeNode(cards: readonly FakeCard[], more: GpuHost = {}): GpuHost {
  const devices = '/sys/bus/pci/devices'
  const files: Record<string, string> = {
    [`${devices}/0000:00:02.0/vendor`]: '0x1a03\n',
    [`${devices}/0000:00:02.0/class`]: '0x030000\n',
    [`${devices}/0000:00:02.0/device`]: '0x2000\n',
    [`${devices}/0000:00:03.0/vendor`]: '0x10de\n',
    [`${devices}/0000:00:03.0/class`]: '0x0c0330\n',
    [`${devices}/0000:00:03.0/device`]: '0x1ad8\n',
    '/etc/os-release': 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nVERSION_ID="12"\n',
    '/boot/vmlinuz-6.8.12-9-pve': 'kernel',
    '/boot/initrd.img-6.8.12-9-pve': 'initrd',
  }
  const links: Record<string, string> = { '/etc/pve/local': 'nodes/pve1' }
  for (const { pci, device = '0x2d04', driver } of cards) {
    files[`${devices}/${pci}/vendor`] = '0x10de\n'
    files[`${devices}/${pci}/class`] = '0x030000\n'
    files[`${devices}/${pci}/device`] = `${device}\n`
    if (driver !== undefined) links[`${devices}/${pci}/driver`] = `../../../../bus/pci/drivers/${driver}`
  }
  return { ...more, files: { ...files, ...more.files }, links: { ...links, ...more.links } }
}
