/** Variables that cannot work on the hosts, by the place where gpuplay notices it. */
export type Variables = Readonly<Record<string, unknown>>

export interface Wish {
  readonly what: string
  /** Variables by host, instead of the lab's. A host that the lab does not have is a container. */
  readonly hosts: Readonly<Record<string, Variables>>
  /** Default: the hosts of `hosts` and pve1. */
  readonly limit?: string
  readonly exitCode: number
  /** Parts of the output, in the format for people. */
  readonly says: readonly RegExp[]
  /** Commands on pve1 that create and remove the situation. */
  readonly make?: readonly [string, string]
}

/** A dry run refuses them without a driver, too: it knows the PCI devices. */
export const ofContainers: readonly Wish[] = [
  {
    what: 'a GPU that is not there',
    hosts: { ct101: { gpu_assignment: '7' } },
    exitCode: 2,
    says: [
      /^FAILED +ct101 +lxc_passthrough : Look up the assigned GPUs/m,
      /^  error: pve1 has no GPU 7$/m,
      /^    help: available: 0 \(0000:01:00\.0.*; 1 \(0000:41:00\.0.*; 2 \(0000:81:00\.0\) is passed to VM 900; 3 \(0000:c1:00\.0\) is in nvidia_host_exclude_gpus$/m,
    ],
  },
  {
    what: 'a PCI address without a GPU, beside one that exists',
    hosts: { ct102: { gpu_assignment: '0,0000:99:00.0' } },
    exitCode: 2,
    says: [/^  error: pve1 has no GPU at 0000:99:00\.0$/m, /^    help: available: 0 \(0000:01:00\.0/m],
  },
  {
    what: 'the GPU of a VM',
    hosts: { ct101: { gpu_assignment: '2' } },
    exitCode: 2,
    says: [
      /^  error: GPU 2 of pve1 \(0000:81:00\.0\) is passed to VM 900$/m,
      /^    help: remove it from that VM \(hostpci\), or assign another; available: 0 /m,
    ],
  },
  {
    what: 'an excluded GPU',
    hosts: { ct101: { gpu_assignment: '0000:c1:00.0' } },
    exitCode: 2,
    says: [
      /^  error: the GPU at 0000:c1:00\.0 of pve1 is in nvidia_host_exclude_gpus$/m,
      /^    help: remove it from nvidia_host_exclude_gpus and run nodes\.yml, or assign another; available/m,
    ],
  },
  {
    what: 'an exclusive GPU for two containers of the run',
    hosts: {
      ct101: { gpu_assignment: '0', lxc_passthrough_exclusive: true },
      ct102: { gpu_assignment: '0000:01:00.0' },
    },
    exitCode: 2,
    says: [
      /^FAILED +ct101 +lxc_passthrough : Look up the assigned GPUs/m,
      /^  error: the inventory assigns GPU 0 of pve1 \(0000:01:00\.0\) to ct101 and to ct102, but lxc_passthrough_exclusive is true for ct101$/m,
      /^  error: the inventory assigns GPU 0 of pve1 \(0000:01:00\.0\) to ct102 and to ct101, but lxc_passthrough_exclusive is true for ct101$/m,
      /^    help: assign another GPU to one of them, or set lxc_passthrough_exclusive: false$/m,
    ],
  },
  {
    what: 'a container of another node',
    hosts: { ct201: { node: 'pve1' } },
    exitCode: 3,
    says: [
      /^  error: pve1 has no container 201: it is on pve2$/m,
      /^    help: set its node in the inventory to pve2, or migrate it$/m,
    ],
  },
  {
    what: 'a container that does not exist',
    hosts: { lost: { node: 'pve1', ctid: 105, gpu_assignment: '0' } },
    exitCode: 3,
    says: [
      /^  error: pve1 has no container 105$/m,
      /^    help: compare `pct list` on pve1 with node and ctid in the inventory$/m,
    ],
  },
  {
    what: 'a container of an unsupported distribution',
    hosts: { ct103: { gpu_assignment: '0' } },
    exitCode: 2,
    make: [
      `cp /etc/pve/lxc/103.conf /root/103.conf; text=$(sed 's/^ostype: .*/ostype: alpine/' /root/103.conf); echo "$text" >/etc/pve/lxc/103.conf`,
      'cat /root/103.conf >/etc/pve/lxc/103.conf; rm /root/103.conf',
    ],
    says: [
      /^  error: container 103 has the distribution alpine, which is not supported: debian, devuan, ubuntu, unmanaged$/m,
      /^    help: use a Debian or Ubuntu container/m,
    ],
  },
]

export const ofNodes: readonly Wish[] = [
  {
    what: 'another cluster',
    hosts: { pve1: { pve_cluster: 'prod' } },
    limit: 'pve1',
    exitCode: 2,
    says: [
      /^  error: the inventory says pve_cluster: prod, but pve1 is in the cluster "lab"$/m,
      /^    help: set pve_cluster: lab for pve1, or remove it$/m,
    ],
  },
  {
    what: 'a driver that is too new for a GPU',
    hosts: { pve2: { nvidia_driver_version: '590.48.01' } },
    limit: 'pve2',
    exitCode: 2,
    says: [
      /^  error: driver 590\.48\.01 does not support every GPU of this node$/m,
      /0000:01:00\.0 is Maxwell, Pascal or Volta: branches 340 to 580/,
      /^    help: choose a driver of branch 340 to 580$/m,
    ],
  },
  {
    what: 'a driver that is too old for a GPU',
    hosts: { pve1: { nvidia_driver_version: '550.144.03' } },
    limit: 'pve1',
    exitCode: 2,
    says: [
      /^  error: driver 550\.144\.03 does not support every GPU of this node$/m,
      /0000:01:00\.0 is Blackwell or newer: branches 570 or newer/,
      /^    help: choose a driver of branch 570 or newer$/m,
    ],
  },
  {
    what: 'open kernel modules for a GPU that needs the others',
    hosts: { pve2: { nvidia_driver_version: '570.124.06', nvidia_host_module_type: 'open' } },
    limit: 'pve2',
    exitCode: 2,
    says: [
      /^  error: 0000:01:00\.0 is Maxwell, Pascal or Volta, which the open kernel modules do not support$/m,
      /^    help: set nvidia_host_module_type to auto, or list the cards to leave alone in nvidia_host_exclude_gpus$/m,
    ],
  },
  {
    what: 'a driver that is too old for the kernel of the next boot',
    hosts: { pve1: { nvidia_driver_version: '580.65.06' } },
    limit: 'pve1',
    exitCode: 2,
    make: [': >/boot/vmlinuz-7.1.3-1-pve', 'rm /boot/vmlinuz-7.1.3-1-pve'],
    says: [
      /^  error: driver 580\.65\.06 does not compile for kernel 7\.1\.3-1-pve, which the node boots next$/m,
      /7\.1\.3-1-pve: drivers of branch 580 before 580\.173 do not compile for kernel 7\.1 or newer/,
      /^    help: choose another driver, or pin another kernel: proxmox-boot-tool kernel pin 6\.8\.12-9-pve$/m,
    ],
  },
]

/** Found in the files, before any host is contacted. */
export const unread: readonly Wish[] = [
  {
    what: 'a URL of another version',
    hosts: {
      pve1: {
        nvidia_runfile_url:
          'https://download.nvidia.com/XFree86/Linux-x86_64/570.124.06/NVIDIA-Linux-x86_64-570.124.06.run',
      },
    },
    exitCode: 2,
    says: [
      /inventory\.yaml:\d+:\d+: error: nvidia_runfile_url is not for version 580\.95\.05$/m,
      /^ *help: remove nvidia_runfile_url to use the default for the version, or make both name the same version$/m,
    ],
  },
  {
    what: 'a container with another driver than its node',
    hosts: { ct102: { nvidia_driver_version: '570.124.06' } },
    exitCode: 2,
    says: [
      /inventory\.yaml:\d+:\d+: error: ct102 requests driver 570\.124\.06, but its node pve1 has 580\.95\.05$/m,
      /^ *help: remove nvidia_driver_version from the container; a container always uses the driver version of its node$/m,
    ],
  },
  {
    what: 'a MIG instance',
    hosts: { ct101: { gpu_assignment: 'MIG-4d1b9a3e-9b5c-5c4e-a0f1-7a2d1f0c3b21' } },
    exitCode: 2,
    says: [
      /inventory\.yaml:\d+:\d+: error: MIG instances are not supported; only whole GPUs can be assigned$/m,
      /^ *help: assign the whole GPU by its index, UUID \(GPU-\.\.\.\) or PCI address$/m,
    ],
  },
  {
    what: 'one container under two names',
    hosts: { twin: { node: 'pve1', ctid: 101, gpu_assignment: '1' } },
    limit: 'pve1,ct101,twin',
    exitCode: 2,
    says: [/inventory\.yaml:\d+:\d+: error: "twin" and "ct101" are both container 101 of the node "pve1"$/m],
  },
]
