import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan } from '../../host/plan.ts'
import { fakeNode } from '../../nvidia/testing/fake-node.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import type { Args } from './args.ts'
import { nvidiaLeftovers } from './module.ts'

const note = '/var/lib/gpuplay/v1/initramfs-nvidia'
const vfio = '/etc/modprobe.d/vfio.conf'
const dkms = '/var/lib/dkms'

async function planOf(given: GpuHost, args: Partial<Args> = {}): Promise<Plan> {
  const all: Args = { version: '580.95.05', remove: false, exclude_gpus: [], ...args }
  return nvidiaLeftovers.plan(all, await nvidiaLeftovers.probe(all, gpuHost(given)))
}

function words({ actions }: Plan): readonly string[] {
  return actions.map((action) =>
    action.kind === 'run' ? action.argv.join(' ') : `${action.kind} ${'path' in action ? action.path : ''}`,
  )
}

const trees: GpuHost = {
  files: {
    // What is installed, what is wanted, and what belongs to something else.
    '/var/lib/nvidia/log': '1.0-1 (570.86.16)\n',
    [`${dkms}/nvidia/570.86.16/source/dkms.conf`]: '',
    [`${dkms}/nvidia/580.95.05/source/dkms.conf`]: '',
    [`${dkms}/nvidia-fs/2.22.3/source/dkms.conf`]: '',
    [`${dkms}/zfs/2.2.7/source/dkms.conf`]: '',
    // Stale: of Debian's package, and of a .run whose sources are gone.
    [`${dkms}/nvidia-current/535.183.01/source/dkms.conf`]: '',
    [`${dkms}/nvidia/550.54.14/6.8.12-9-pve/x86_64/module/nvidia.ko`]: '',
  },
  links: { [`${dkms}/nvidia/kernel-6.8.12-9-pve-x86_64`]: '550.54.14/6.8.12-9-pve/x86_64' },
}

test('a node without leftovers is left alone', async () => {
  const plan = await planOf(fakeNode([{ pci: '0000:01:00.0' }]), { remove: true })
  assert.deepEqual(plan, { actions: [], diffs: [], warnings: [] })
})

test('trees of DKMS that belong to no driver are named', async () => {
  const { actions, warnings } = await planOf(trees)
  assert.deepEqual(actions, [])
  assert.deepEqual(warnings, [
    '/var/lib/dkms/nvidia/550.54.14: DKMS builds nvidia 550.54.14 for every new kernel, but that driver is not installed; nvidia_host_foreign_driver: remove removes it and keeps a copy',
    '/var/lib/dkms/nvidia-current/535.183.01: DKMS builds nvidia-current 535.183.01 for every new kernel, but that driver is not installed; nvidia_host_foreign_driver: remove removes it and keeps a copy',
  ])
})

test('where they may be removed, dkms removes trees with sources, and the others are moved away', async () => {
  const plan = await planOf({ ...trees, programs: { dkms: {} } }, { remove: true })
  assert.deepEqual(words(plan), [
    `remove ${note}`,
    'remove /lib/modules/6.8.12-9-pve/updates/dkms/nvidia.ko',
    `remove ${dkms}/nvidia/kernel-6.8.12-9-pve-x86_64`,
    'depmod 6.8.12-9-pve',
    'makeDirectory /var/lib/gpuplay/v1/backups',
    `mv -T --backup=numbered ${dkms}/nvidia/550.54.14 /var/lib/gpuplay/v1/backups/dkms-nvidia-550.54.14`,
    'dkms remove -m nvidia-current -v 535.183.01 --all',
  ])
})

test('without the program dkms, all stale trees are moved away', async () => {
  const plan = await planOf(trees, { remove: true })
  assert.ok(words(plan).every((line) => !line.startsWith('dkms ')))
  assert.equal(words(plan).filter((line) => line.startsWith('mv ')).length, 2)
})

test('lines of modprobe.d are named with file and number, or disabled with a copy', async () => {
  const text = 'options vfio-pci ids=10de:2d04\nblacklist nvidia\n'
  const node = fakeNode([{ pci: '0000:01:00.0' }], { files: { [vfio]: text } })
  assert.deepEqual(
    (await planOf(node)).warnings.map((warning) => warning.split(';')[0]),
    [
      `${vfio}:1: "options vfio-pci ids=10de:2d04" binds NVIDIA cards to vfio-pci that neither belong to a VM nor are excluded`,
      `${vfio}:2: "blacklist nvidia" prevents the NVIDIA driver from being loaded`,
    ],
  )
  const { actions, diffs } = await planOf(node, { remove: true })
  assert.deepEqual(
    actions.map((action) => action.kind === 'writeFile' && [action.path, action.backup]),
    [false, [vfio, true]],
  )
  assert.match(diffs[0]?.after ?? '', /^# Disabled by gpuplay: options vfio-pci ids=10de:2d04$/m)
})

test('ids of cards that belong to a VM or are excluded stay, with those of their other functions', async () => {
  const node = fakeNode(
    [
      { pci: '0000:01:00.0', device: '0x2d04' },
      { pci: '0000:41:00.0', device: '0x2204' },
    ],
    {
      files: {
        [vfio]: 'options vfio-pci ids=10de:2204,10de:1aef\n',
        '/sys/bus/pci/devices/0000:41:00.1/device': '0x1aef\n',
      },
    },
  )
  const owned = { ...node, files: { ...node.files, '/etc/pve/qemu-server/200.conf': 'hostpci0: 41:00\n' } }
  assert.deepEqual((await planOf(owned, { remove: true })).actions, [])
  assert.deepEqual((await planOf(node, { remove: true, exclude_gpus: ['0000:41:00.0'] })).actions, [])
  assert.equal((await planOf(node, { remove: true })).actions.length, 2)
})

test('the command line of the kernel is only named', async () => {
  const node = fakeNode([], { files: { '/proc/cmdline': 'quiet vfio-pci.ids=10de:2d04\n' } })
  const { actions, warnings } = await planOf(node, { remove: true })
  assert.deepEqual(actions, [])
  assert.match(warnings.join(), /^\/proc\/cmdline: "vfio-pci\.ids=10de:2d04" .*\/etc\/kernel\/cmdline/)
})

test('nothing is said while driver packages are installed, since these files are theirs', async () => {
  const installed = { 'dpkg-query': { stdout: 'installed nvidia-kernel-dkms 535.183.01-1\n' } }
  const plan = await planOf({ ...trees, programs: installed }, { remove: true })
  assert.deepEqual([plan.actions, plan.warnings], [[], []])
})
