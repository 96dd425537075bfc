import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan } from '../../host/plan.ts'
import { type FakeCard, fakeNode } from '../../nvidia/testing/fake-node.ts'
import { driverPackagePatterns } from '../../nvidia/driver-packages.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import { corosyncFile } from '../../proxmox/testing/corosync.ts'
import type { Args } from './args.ts'
import { nvidiaNode } from './module.ts'

const cards: readonly FakeCard[] = [
  { pci: '0000:01:00.0', driver: 'nouveau' },
  { pci: '0000:41:00.0', driver: 'nouveau' },
]

interface Result {
  readonly plan: Plan
  readonly report: ReturnType<typeof nvidiaNode.report>
}

async function look(
  given: GpuHost = {},
  more: Partial<Args> & { readonly cards?: readonly FakeCard[] } = {},
): Promise<Result> {
  const { cards: fitted = cards, ...rest } = more
  const args: Args = {
    version: '580.95.05',
    module_type: 'auto',
    checks: 'all',
    exclude_gpus: [],
    unmanaged_guests: 'refuse',
    secure_boot: 'refuse',
    kernels: 'all',
    containers: [],
    ...rest,
  }
  const seen = await nvidiaNode.probe(args, gpuHost(fakeNode(fitted, given)))
  return { plan: nvidiaNode.plan(args, seen), report: nvidiaNode.report(args, seen) }
}

test('a new node is reported with its cards, the type of modules, and the headers for the running and the next kernel', async () => {
  const { plan, report } = await look()
  assert.equal(plan.refusal, undefined)
  assert.deepEqual(plan.actions, [])
  assert.equal(report.gpus, 2)
  assert.equal(report.change, true)
  assert.equal(report.loaded, null)
  assert.equal(report.module_type, 'open')
  assert.deepEqual(report.driver_packages, driverPackagePatterns)
  assert.deepEqual(report.headers, [
    'proxmox-headers-6.8.12-9-pve',
    'proxmox-headers-6.8',
    'proxmox-default-headers',
  ])
})

test('a GPU with virtual functions causes a warning that says how to turn them off', async () => {
  const files = { '/sys/bus/pci/devices/0000:41:00.0/sriov_numvfs': '4\n' }
  const { plan } = await look({ files })
  assert.deepEqual(plan.warnings, [
    'the GPU at 0000:41:00.0 has 4 virtual functions (SR-IOV) for VMs, and containers get only whole GPUs: it may not compute; to turn the functions off: echo 0 >/sys/bus/pci/devices/0000:41:00.0/sriov_numvfs',
  ])
  assert.deepEqual((await look({ files }, { exclude_gpus: ['0000:41:00.0'] })).plan.warnings, [])
})

const boot = (...kernels: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(kernels.map((kernel) => [`/boot/vmlinuz-${kernel}`, 'kernel']))

test('newer and pinned kernels get their headers and the metapackages of their series', async () => {
  const files = {
    ...boot('6.8.12-10-pve', '6.8.12-4-pve', '6.14.8-2-bpo12-pve', '6.2.16-20-pve', '6.1.0-30-amd64'),
    '/etc/kernel/proxmox-boot-pin': '6.2.16-20-pve\n',
  }
  const { report } = await look({ files })
  assert.deepEqual(report.kernels, ['6.8.12-9-pve', '6.8.12-10-pve', '6.14.8-2-bpo12-pve', '6.2.16-20-pve'])
  assert.deepEqual(report.headers, [
    'proxmox-headers-6.8.12-9-pve',
    'proxmox-headers-6.8',
    'proxmox-headers-6.8.12-10-pve',
    'proxmox-headers-6.14.8-2-bpo12-pve',
    'proxmox-headers-6.14',
    'proxmox-headers-6.2.16-20-pve',
    'proxmox-headers-6.2',
    'proxmox-default-headers',
  ])
  assert.deepEqual((await look({ files }, { kernels: 'running' })).report.headers, [
    'proxmox-headers-6.8.12-9-pve',
    'proxmox-headers-6.8',
    'proxmox-default-headers',
  ])
})

test('a driver that does not compile for the running kernel or the next one is refused, unless it is loaded', async () => {
  const running = await look({ release: '7.1.3-1-pve' })
  assert.deepEqual(running.plan.refusal, {
    code: 'driver-does-not-compile',
    message: 'driver 580.95.05 does not compile for kernel 7.1.3-1-pve, which the node runs',
    hint: 'choose another driver, or boot an older kernel',
    findings: [
      {
        message: '7.1.3-1-pve: drivers of branch 580 before 580.173 do not compile for kernel 7.1 or newer',
      },
    ],
    exitCode: 2,
  })
  const files = boot('7.1.3-1-pve', '6.14.8-2-bpo12-pve')
  const next = await look({ files })
  assert.match(next.plan.refusal?.message ?? '', /kernel 7\.1\.3-1-pve, which the node boots next$/)
  assert.match(next.plan.refusal?.hint ?? '', /proxmox-boot-tool kernel pin 6\.8\.12-9-pve$/)
  assert.equal((await look({ files }, { version: '580.173.02' })).plan.refusal, undefined)
  assert.equal((await look({ files }, { kernels: 'running' })).plan.refusal, undefined)

  const modules = { nvidia: { version: '580.95.05' } }
  const loaded = await look({ files, modules })
  assert.equal(loaded.plan.refusal, undefined)
  assert.deepEqual(loaded.plan.warnings, [
    'kernel 7.1.3-1-pve, which the next boot chooses, gets no module: drivers of branch 580 before 580.173 do not compile for kernel 7.1 or newer',
  ])
  assert.ok(!loaded.report.headers.includes('proxmox-headers-7.1'))

  const pinned = { ...files, '/etc/kernel/proxmox-boot-pin': '6.14.8-2-bpo12-pve\n' }
  const spared = await look({ files: pinned })
  assert.equal(spared.plan.refusal, undefined)
  assert.match(spared.plan.warnings[0] ?? '', /^kernel 7\.1\.3-1-pve gets no module: /)
})

test('a node of another cluster than the inventory says is refused as a mistake of input', async () => {
  const files = { '/etc/pve/corosync.conf': corosyncFile('prod', ['pve1']) }
  const { plan } = await look({ cluster: 'lab', files })
  assert.deepEqual([plan.refusal?.code, plan.refusal?.exitCode], ['wrong-cluster', 2])
  assert.equal((await look({ cluster: 'prod', files })).plan.refusal, undefined)
})

test('a node without cards, or whose cards all belong to virtual machines, is refused', async () => {
  assert.equal((await look({}, { cards: [] })).plan.refusal?.code, 'no-gpu')
  const { plan } = await look(
    { files: { '/etc/pve/qemu-server/100.conf': 'hostpci0: 01:00\n' } },
    {
      cards: [{ pci: '0000:01:00.0' }, { pci: '0000:41:00.0', driver: 'vfio-pci' }, { pci: '0000:81:00.0' }],
      exclude_gpus: ['0000:81:00.0'],
    },
  )
  assert.equal(plan.refusal?.code, 'no-free-gpu')
  assert.deepEqual(
    plan.refusal?.findings?.map(({ message }) => message),
    [
      '0000:01:00.0 is passed to VM 100',
      '0000:41:00.0 is bound to vfio-pci',
      '0000:81:00.0 is in nvidia_host_exclude_gpus',
    ],
  )
})

test('lines that bind a card to vfio-pci are named where no card is free', async () => {
  const files = { '/etc/modprobe.d/vfio.conf': 'blacklist nvidia\noptions vfio-pci ids=10de:2d04\n' }
  const { plan } = await look({ files }, { cards: [{ pci: '0000:01:00.0', driver: 'vfio-pci' }] })
  assert.deepEqual(plan.refusal?.findings?.at(-1), {
    message:
      '"options vfio-pci ids=10de:2d04" binds NVIDIA cards to vfio-pci that neither belong to a VM nor are excluded',
    line: '/etc/modprobe.d/vfio.conf:2',
    fix: 'remove it, run update-initramfs -u -k all, then reboot the node',
  })
  assert.equal(plan.refusal?.findings?.length, 2)
})

test('a card of a virtual machine has no effect on the choice of the driver', async () => {
  const mixed = [{ pci: '0000:01:00.0' }, { pci: '0000:41:00.0', device: '0x1b06' }]
  const alone = await look({}, { cards: mixed, version: '590.48.01' })
  assert.equal(alone.plan.refusal?.code, 'driver-does-not-fit')
  assert.match(alone.plan.refusal?.hint ?? '', /branch 570 to 580/)
  const files = { '/etc/pve/qemu-server/100.conf': 'hostpci0: 0000:41:00.0,pcie=1\n' }
  const owned = await look({ files }, { cards: mixed, version: '590.48.01' })
  assert.equal(owned.plan.refusal, undefined)
  assert.equal(owned.report.gpus, 1)
  assert.equal(owned.report.gpus_in_vms, 1)
})

test('Secure Boot without an enrolled key is refused, unless the driver is already loaded', async () => {
  const secure = {
    '/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c':
      '\u0006\u0000\u0000\u0000\u0001',
  }
  const { plan } = await look({ files: secure })
  assert.equal(plan.refusal?.code, 'secure-boot')
  assert.deepEqual(
    plan.refusal?.findings?.map(({ fix }) => fix),
    [
      'apt install dkms mokutil openssl',
      "openssl req -new -x509 -nodes -days 36500 -newkey rsa:2048 -subj '/CN=DKMS module signing key' -keyout /var/lib/dkms/mok.key -outform DER -out /var/lib/dkms/mok.pub",
      'mokutil --import /var/lib/dkms/mok.pub',
    ],
  )
  const prepared = await look({ files: secure }, { secure_boot: 'prepare' })
  assert.equal(prepared.plan.refusal, undefined)
  assert.equal(prepared.report.needs_key, true)
  const keys = { '/var/lib/dkms/mok.pub': 'certificate', '/var/lib/dkms/mok.key': 'key' }
  const requested = await look({
    files: { ...secure, ...keys },
    programs: { 'mokutil --test-key': { code: 1, stdout: 'mok.pub is already in the enrollment request\n' } },
  })
  assert.match(requested.plan.refusal?.message ?? '', /waits for the console/)
  const modules = { nvidia: { version: '580.95.05' } }
  assert.equal((await look({ files: secure, modules })).plan.refusal, undefined)
  const enrolled = {
    files: { ...secure, ...keys },
    programs: { 'mokutil --test-key': { code: 1, stdout: '/var/lib/dkms/mok.pub is already enrolled\n' } },
  }
  assert.equal((await look(enrolled)).plan.refusal, undefined)
  assert.equal((await look(enrolled)).report.needs_key, false)
})

const container = (config: string): GpuHost => ({
  files: { '/etc/pve/lxc/140.conf': config },
  containers: { '140': { status: 'running', config, pid: 4711 } },
  modules: { nvidia: { version: '570.207' } },
})

test('an upgrade that would break a container outside the run is refused with the name of the container', async () => {
  const given = container('hostname: frigate\ndev0: /dev/nvidia0,mode=0666\n')
  const { plan } = await look(given)
  assert.equal(plan.refusal?.code, 'unmanaged-guests')
  assert.deepEqual(
    plan.refusal?.findings?.map(({ message }) => message),
    ['container 140 (frigate) has a GPU and is running'],
  )
  assert.equal((await look(given, { containers: [{ name: 'frigate', ctid: 140 }] })).plan.refusal, undefined)
  assert.equal((await look(given, { unmanaged_guests: 'allow' })).plan.refusal, undefined)
})

test('only the driver is checked on request', async () => {
  const given = container('hostname: frigate\ndev0: /dev/nvidia0,mode=0666\n')
  assert.equal((await look(given, { checks: 'driver' })).plan.refusal, undefined)
  const { plan } = await look(given, { checks: 'driver', version: '550.144.03' })
  assert.deepEqual([plan.refusal?.code, plan.refusal?.exitCode], ['driver-does-not-fit', 2])
})

test('a template never runs, so it does not prevent an upgrade', async () => {
  const given = container('dev0: /dev/nvidia0\ntemplate: 1\n')
  const stopped = {
    '140': { status: 'stopped', config: given.files?.['/etc/pve/lxc/140.conf'] ?? '', pid: undefined },
  } as const
  assert.equal((await look({ ...given, containers: stopped })).plan.refusal, undefined)
})

test('a container without a GPU, or with one only in a snapshot, does not prevent an upgrade', async () => {
  for (const config of ['hostname: web\n', 'hostname: web\n[old]\ndev0: /dev/nvidia0\n'])
    assert.equal((await look(container(config))).plan.refusal, undefined)
})

test('another type of kernel modules is a change, which needs the containers as another version does', async () => {
  const given: GpuHost = {
    modules: { nvidia: { version: '580.95.05' } },
    files: {
      '/etc/pve/lxc/101.conf': 'hostname: jellyfin\ndev0: /dev/nvidia0\n',
      '/proc/driver/nvidia/version': 'NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.95.05\n',
    },
    containers: {
      '101': { status: 'running', config: 'hostname: jellyfin\ndev0: /dev/nvidia0\n', pid: 1 },
    },
  }
  // Ampere: both types support it.
  const ampere = [{ pci: '0000:01:00.0', driver: 'nvidia', device: '0x2504' }]
  const { plan, report } = await look(given, { cards: ampere, module_type: 'proprietary' })
  assert.equal(report.change, true)
  assert.equal(
    plan.refusal?.message,
    'changing the kernel modules of driver 580.95.05 from open to proprietary would break containers that are not part of this run',
  )
  for (const type of ['auto', 'open'] as const)
    assert.equal((await look(given, { cards: ampere, module_type: type })).report.change, false)
})
