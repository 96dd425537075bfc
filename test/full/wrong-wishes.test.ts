/**
 * Variables that cannot work on the hosts: a dry run refuses them with the reason, the host and a fix, and so does a run,
 * before anything is changed. Most of them also on nodes without a driver, where a dry run knows only the PCI devices.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parse, stringify } from 'yaml'
import { quote } from '../../src/base/shell.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { snapshotDifferences } from '../lab/snapshot.ts'
import type { LabNodeSpec } from '../lab/topology.ts'
import { gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf, site } from '../whole/support/site-runs.ts'

const name = `wrong-wishes-${process.pid}`

type Variables = Readonly<Record<string, unknown>>

/** What all inventories of this file have. */
const standing: Readonly<Record<string, Variables>> = {
  pve1: { nvidia_host_exclude_gpus: ['0000:c1:00.0'], nvidia_host_quorum: 'allow' },
  ct103: { gpu_assignment: 'none' },
}

interface Wish {
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
const ofContainers: readonly Wish[] = [
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

const ofNodes: readonly Wish[] = [
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
const unread: readonly Wish[] = [
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

/** Only with a loaded driver, and in a running container. */
const driven: readonly Wish[] = [
  {
    what: 'a UUID that no GPU has',
    hosts: { ct101: { gpu_assignment: 'GPU-00000000-5060-4c1e-a5b2-000001000000' } },
    exitCode: 2,
    says: [
      /^  error: pve1 has no GPU GPU-00000000-5060-4c1e-a5b2-000001000000$/m,
      /^    help: available: 0 \(0000:01:00\.0, GPU-8f3c/m,
    ],
  },
  {
    what: 'an exclusive GPU that a container outside the run has',
    hosts: { ct102: { gpu_assignment: '0', lxc_passthrough_exclusive: true } },
    exitCode: 4,
    says: [
      /^  error: container 101 is configured with \/dev\/nvidia0, and lxc_passthrough_exclusive prevents container 102 from sharing it$/m,
      /^    help: assign another GPU, or run the other container too, with an assignment without this GPU$/m,
    ],
  },
  {
    what: 'a CUDA toolkit that is too new for the driver',
    hosts: { ct101: { cuda_toolkit_version: '13.1', cuda_toolkit_compat: 'strict' } },
    exitCode: 2,
    says: [
      /^  error: CUDA 13\.1 needs driver 590\.44\.01 or newer, but pve1 has 580\.95\.05 loaded$/m,
      /^    help: install driver 590\.44\.01 or newer on pve1 \(nvidia_driver_version\), or an older toolkit$/m,
    ],
  },
  {
    what: 'a CUDA toolkit that is too old for the GPU',
    hosts: { ct101: { cuda_toolkit_version: '12.6' } },
    exitCode: 2,
    says: [
      /^  error: the GPU 0000:01:00\.0 of container 101 is Blackwell or newer, which CUDA 12\.6 does not know yet$/m,
      /^    help: set cuda_toolkit_version to 12\.8 or newer$/m,
    ],
  },
  {
    what: 'a CUDA toolkit that is too new for the driver, for a container without GPUs so far',
    hosts: {
      ct103: { gpu_assignment: '1', cuda_toolkit_version: '13.1', cuda_toolkit_compat: 'strict' },
    },
    exitCode: 2,
    says: [
      /^FAILED +ct103 +lxc_passthrough : Check that the CUDA toolkit fits the driver, the GPUs and the distribution/m,
      /^  error: CUDA 13\.1 needs driver 590\.44\.01 or newer, but pve1 has 580\.95\.05 loaded$/m,
    ],
  },
  {
    what: 'a CUDA toolkit that is too old for the GPU of a container without GPUs so far',
    hosts: { ct103: { gpu_assignment: '1', cuda_toolkit_version: '12.6' } },
    exitCode: 2,
    says: [
      /^  error: the GPU 0000:41:00\.0 of container 103 is Blackwell or newer, which CUDA 12\.6 does not know yet$/m,
    ],
  },
  {
    what: 'a CUDA toolkit that is too old for the GPU of a stopped container',
    hosts: { ct101: { cuda_toolkit_version: '12.6' } },
    exitCode: 2,
    make: ['pct stop 101', 'pct start 101'],
    says: [/^  error: the GPU 0000:01:00\.0 of container 101 is Blackwell or newer/m],
  },
  {
    what: 'a CUDA toolkit that NVIDIA does not publish for the release of Debian',
    hosts: { ct102: { cuda_toolkit_version: '12.8' } },
    exitCode: 2,
    make: debianRelease(13, 'trixie'),
    says: [
      /^  error: NVIDIA publishes CUDA 12\.8 for Debian 12 and older, and container 102 runs Debian GNU\/Linux 13 \(trixie\)$/m,
      /^    help: use CUDA 13\.0 or newer, or a Debian 12 container/m,
    ],
  },
  {
    what: 'a CUDA toolkit for a release of Debian for which NVIDIA has no repository',
    hosts: { ct102: { cuda_toolkit_version: '13.0' } },
    exitCode: 2,
    make: debianRelease(14, 'forky'),
    says: [
      /^  error: there is no apt repository of CUDA for Debian GNU\/Linux 14 \(forky\), which container 102 runs$/m,
      /^    help: use a container with one of the releases at https:\/\/developer\.download\.nvidia\.com\/compute\/cuda\/repos$/m,
    ],
  },
]

describe(
  'a wrong wish is refused before anything changes:',
  { skip: whyNoLab() ?? false, timeout: 1_500_000 },
  () => {
    let lab: Lab

    before(async () => {
      lab = await Lab.up({ name, nodes: 2, containers: 3, gpusPerNode: 4, adjust })
    })
    after(() => Lab.down(name))

    /** The lab's inventory with the variables of a wish. */
    function inventoryWith(hosts: Wish['hosts']): string {
      const inventory: Inventory = parse(readFileSync(inventoryOf(lab), 'utf8'))
      const { nodes, containers } = inventory.all.children
      for (const [host, variables] of Object.entries({ ...standing, ...hosts })) {
        const group = host in nodes.hosts ? nodes : containers
        group.hosts[host] = { ...group.hosts[host], ...standing[host], ...variables }
      }
      const file = join(lab.instance.stateDir, 'wishes', 'inventory.yaml')
      mkdirSync(dirname(file), { recursive: true })
      writeFileSync(file, stringify(inventory))
      return file
    }

    async function refused(wish: Wish, options: readonly string[]): Promise<void> {
      const { what, hosts, exitCode, says } = wish
      const limit = wish.limit ?? ['pve1', ...Object.keys(hosts)].join(',')
      const words = ['run', site, '-i', inventoryWith(hosts), '-l', limit, ...options]
      const found = await lab.snapshotFiles()
      const { text, exitCode: code } = await gpuplay(words, { output: 'plain' })
      assert.equal(code, exitCode, `${what}:\n${text}`)
      for (const part of says) assert.match(text, part)
      assert.deepEqual(snapshotDifferences(found, await lab.snapshotFiles()), [], text)
    }

    function refusals(wishes: readonly Wish[], ...runs: readonly (readonly string[])[]): void {
      for (const wish of wishes) {
        it(wish.what, async () => {
          const [make = ':', undo = ':'] = wish.make ?? []
          await lab.node('pve1').output(make)
          for (const options of runs) await refused(wish, options)
          await lab.node('pve1').output(undo)
        })
      }
    }

    describe('in the files,', () => {
      refusals(unread, ['--check'], [])
    })

    describe('on nodes without a driver,', () => {
      refusals(ofContainers, ['--check'])
      refusals(ofNodes, ['--check'], [])
    })

    describe('on nodes that are as declared,', () => {
      before(async () => {
        const words = ['run', site, '-i', inventoryWith({}), '-l', 'pve1,ct101,ct102']
        const { exitCode, text } = await gpuplay(words, { output: 'plain' })
        assert.equal(exitCode, 0, text)
      })
      refusals([...ofContainers, ...ofNodes, ...driven], ['--check'], [])
    })
  },
)

interface Group {
  readonly hosts: Record<string, Variables>
}

interface Inventory {
  readonly all: { readonly children: { readonly nodes: Group; readonly containers: Group } }
}

/** pve1: two cards for containers, one of a VM, an excluded one. pve2: an older card. */
function adjust(node: LabNodeSpec): LabNodeSpec {
  const cluster = { name: 'lab', members: ['pve1', 'pve2'], shared: true }
  if (node.name === 'pve1')
    return {
      ...node,
      cluster,
      gpus: node.gpus.map((gpu, index) => (index === 2 ? { ...gpu, ownedByVm: 900 } : gpu)),
    }
  const older = { model: 'NVIDIA GeForce GTX 1080', deviceId: '1b80', minor: 0 }
  return {
    ...node,
    cluster,
    containers: node.containers.slice(0, 1),
    gpus: node.gpus.slice(0, 1).map((gpu) => ({ ...gpu, ...older })),
  }
}

/** Makes container 102 say that it runs another release of Debian, and undoes it. */
function debianRelease(release: number, codename: string): readonly [string, string] {
  const lines = [
    `PRETTY_NAME="Debian GNU/Linux ${release} (${codename})"`,
    `VERSION_ID="${release}"`,
    `VERSION_CODENAME=${codename}`,
    'ID=debian',
  ]
  const inside = (command: string): string => `pct exec 102 -- sh -c ${quote(command)}`
  return [
    inside(
      `cp /etc/os-release /root/os-release; printf '%s\\n' ${lines.map(quote).join(' ')} >/etc/os-release`,
    ),
    inside('cat /root/os-release >/etc/os-release; rm /root/os-release'),
  ]
}
