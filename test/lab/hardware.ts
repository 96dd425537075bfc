/**
 * The hardware and installation of a lab node, as data, and the files that pass it to the stand-ins.
 *
 * The lab writes `nodeFacts` into a node's root before its first boot. After that, the node changes them
 * itself: a kernel package adds to /boot, `pct create` adds to /etc/pve.
 */

import { corosyncFile } from '../../src/proxmox/testing/corosync.ts'

/** One graphics card in a PCI slot. */
export interface GpuSpec {
  /** PCI address with domain, lower case: `0000:01:00.0`. */
  readonly pci: string
  /** The driver's name for it: `NVIDIA GeForce RTX 3060`. */
  readonly model: string
  /** PCI device id, four lower case hexadecimal digits: `2504`. */
  readonly deviceId: string
  /** `GPU-xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx`. */
  readonly uuid: string
  /** The N of /dev/nvidiaN. nvidia-smi's index is another number: it counts by PCI address. */
  readonly minor: number
  /**
   * The N of /dev/dri/cardN and of /dev/dri/renderD(128+N) while nvidia_drm is loaded. Default: its place in
   * the order of PCI addresses.
   */
  readonly drm?: number
  readonly memoryMiB: number
  /** PCI addresses of its virtual functions (SR-IOV), which look like cards. */
  readonly virtualFunctions?: readonly string[]
  /** The VM that owns the card: its configuration has a `hostpci` line for it. See `vmCards` of the node. */
  readonly ownedByVm?: number
}

export interface NodeSpec {
  readonly name: string
  /** The kernel of its first boot: `6.8.12-4-pve`. */
  readonly kernel: string
  /**
   * All installed kernels, `kernel` included; default: only that. Later boots use the pinned or the newest
   * one.
   */
  readonly kernels?: readonly string[]
  /** As after `proxmox-boot-tool kernel pin`. */
  readonly pinnedKernel?: string
  /**
   * The node has UEFI firmware with Secure Boot on or off; default: no UEFI. While it is on, the kernel
   * refuses modules without a signature of a key that it trusts (nvidia/mok.ts).
   */
  readonly secureBoot?: boolean
  /**
   * Version of pve-manager: `8.4.1`, `9.0.10`. Decides what pct supports (devN from 8.1, hot-plug of devN
   * from 9).
   */
  readonly pveVersion: string
  readonly gpus: readonly GpuSpec[]
  /** PCI addresses of its NVSwitches. */
  readonly nvswitches?: readonly string[]
  /**
   * Which driver has the card of a VM. `reserved` (default): vfio-pci from boot on, whatever the
   * configuration. `until-start`: as on a real node, the driver that is loaded first, unless
   * `driver_override` or the `ids` of vfio-pci prevent it; `qm start` unbinds the card, and waits while a
   * program has it open.
   */
  readonly vmCards?: 'reserved' | 'until-start'
  /**
   * `pct` in every respect that pve/pct-exact.ts lists, also where gpuplay relies on less: output of tasks on
   * standard output, no reason for a unit that failed, no `--keep-env` before pve-container 5.0.9, the real
   * duration of a shutdown that fails. Default: false.
   */
  readonly exactPct?: boolean
  readonly cluster?: ClusterSpec
}

export interface ClusterSpec {
  readonly name: string
  readonly members: readonly string[]
  /**
   * All members have one /etc/pve, and quorum depends on which of them are up. Default: each has its own, and
   * /etc/lab/quorate decides.
   */
  readonly shared?: boolean
}

/** Path of the specification on the node, for the stand-ins. */
export const nodeSpecFile = '/etc/lab/node.json'

/**
 * The files of such a node before its first boot, by absolute path: the specification itself, the installed
 * kernels, and the configurations of VMs that own cards. All are 0644 root:root.
 */
export function nodeFacts(spec: NodeSpec): Record<string, string> {
  const facts: Record<string, string> = {
    [nodeSpecFile]: `${JSON.stringify(spec, null, 2)}\n`,
    ...Object.assign({}, ...(spec.kernels ?? [spec.kernel]).map((release) => kernelFiles(release))),
  }
  if (spec.kernels !== undefined) facts['/etc/kernel/next-boot-pin'] = `${spec.kernel}\n`
  if (spec.pinnedKernel !== undefined) facts['/etc/kernel/proxmox-boot-pin'] = `${spec.pinnedKernel}\n`
  if (spec.cluster) {
    facts['/etc/lab/quorate'] = ''
    facts['/var/lib/pve-cluster/files/corosync.conf'] = corosyncFile(
      spec.cluster.name,
      spec.cluster.members,
      (index) => spec.cluster?.members[index] ?? '',
    )
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

/** Identifies the key of the kernel's builder, which signs the modules of a kernel package. */
export const kernelKey = 'kernel'

/** The files of an installed kernel, by absolute path: those of its package, and the initramfs. */
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
    `${moduleFile({ version: '', license })}signer=Build time autogenerated kernel key\nsig_key=${kernelKey}\n`,
  ])
  return {
    [`/boot/vmlinuz-${release}`]: `lab kernel ${release}\n`,
    [`/boot/initrd.img-${release}`]: '',
    ...Object.fromEntries(modules),
  }
}

/** An unsigned module file of the lab: `modinfo` reads these lines. */
export function moduleFile(fields: { readonly version: string; readonly license: string }): string {
  return `lab kernel module\nversion=${fields.version}\nlicense=${fields.license}\n`
}
