/**
 * The hardware and installation of a lab node, as data, and the files that tell the stand-ins about it.
 *
 * The lab's world writes `nodeFacts` into a node's root before its first boot; from then on the node owns them
 * (a new kernel package adds to /boot, `pct create` adds to /etc/pve).
 */

import { corosyncFile } from '../../src/proxmox/testing/corosync.ts'

/** One graphics card in a PCI slot. */
export interface GpuSpec {
  /** PCI address with domain, lower case: `0000:01:00.0`. */
  readonly pci: string
  /** As the driver names it: `NVIDIA GeForce RTX 3060`. */
  readonly model: string
  /** PCI device id, four lower case hexadecimal digits: `2504`. */
  readonly deviceId: string
  /** `GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`. */
  readonly uuid: string
  /** The N of /dev/nvidiaN. Not the index of nvidia-smi, which goes by PCI address. */
  readonly minor: number
  readonly memoryMiB: number
  /** The virtual machine that owns the card: it has a `hostpci` line for it and the card is bound to vfio-pci. */
  readonly ownedByVm?: number
}

export interface NodeSpec {
  readonly name: string
  /** The kernel that it was installed with: `6.8.12-4-pve`. */
  readonly kernel: string
  /** Version of pve-manager: `8.4.1`, `9.0.10`. Decides what pct knows (devN from 8.1, hot-plug of devN from 9). */
  readonly pveVersion: string
  readonly gpus: readonly GpuSpec[]
  /** Name and members when the node is in a cluster; quorum is a file that tests may remove (/etc/lab/quorate). */
  readonly cluster?: { readonly name: string; readonly members: readonly string[] }
}

/** Where the specification lies on the node, for the stand-ins. */
export const nodeSpecFile = '/etc/lab/node.json'

/**
 * The files a node of this kind has before its first boot, by absolute path: the specification itself, the installed
 * kernel, and the VM configurations that own cards. All are to be written 0644 root:root.
 */
export function nodeFacts(spec: NodeSpec): Record<string, string> {
  const facts: Record<string, string> = {
    [nodeSpecFile]: `${JSON.stringify(spec, null, 2)}\n`,
    ...kernelFiles(spec.kernel),
  }
  if (spec.cluster) {
    facts['/etc/lab/quorate'] = ''
    facts['/var/lib/pve-cluster/files/corosync.conf'] = corosyncFile(spec.cluster.name, spec.cluster.members)
  }
  const machines = new Map<number, GpuSpec[]>()
  for (const gpu of spec.gpus) {
    if (gpu.ownedByVm === undefined) continue
    machines.set(gpu.ownedByVm, [...(machines.get(gpu.ownedByVm) ?? []), gpu])
  }
  for (const [vmid, gpus] of machines) {
    const passed = gpus.map((gpu, index) => `hostpci${index}: ${gpu.pci},pcie=1\n`).join('')
    facts[`/var/lib/pve-cluster/files/nodes/${spec.name}/qemu-server/${vmid}.conf`] =
      `cores: 2\n${passed}memory: 2048\nname: vm${vmid}\nostype: l26\n`
  }
  return facts
}

/** The files of an installed kernel, by absolute path: what a kernel package brings, and the initramfs that its installation makes. */
export function kernelFiles(release: string): Record<string, string> {
  const drivers = {
    'gpu/drm/nouveau/nouveau': 'GPL and additional rights',
    'video/fbdev/nvidia/nvidiafb': 'GPL',
    'vfio/vfio': 'GPL v2',
    'vfio/pci/vfio-pci': 'GPL v2',
    'net/dummy': 'GPL',
    'block/nbd': 'GPL',
  }
  const modules = Object.entries(drivers).map(([path, license]) => [
    `/usr/lib/modules/${release}/kernel/drivers/${path}.ko`,
    moduleFile({ version: '', license }),
  ])
  return {
    [`/boot/vmlinuz-${release}`]: `lab kernel ${release}\n`,
    [`/boot/initrd.img-${release}`]: '',
    ...Object.fromEntries(modules),
  }
}

/** A module file of the lab: `modinfo` reads these lines. */
export function moduleFile(fields: { readonly version: string; readonly license: string }): string {
  return `lab kernel module\nversion=${fields.version}\nlicense=${fields.license}\n`
}
