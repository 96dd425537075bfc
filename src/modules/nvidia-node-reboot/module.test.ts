import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan } from '../../host/plan.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import { processStat } from '../../proxmox/testing/process-stat.ts'
import { corosyncFile } from '../../proxmox/testing/corosync.ts'
import type { Args } from './args.ts'
import { nvidiaNodeReboot } from './module.ts'

const version = '580.95.05'

interface Result {
  readonly plan: Plan
  readonly report: ReturnType<typeof nvidiaNodeReboot.report>
}

async function look(given: GpuHost, more: Partial<Args> = {}): Promise<Result> {
  const args: Args = {
    version,
    purpose: 'free_cards',
    mode: 'auto',
    ha: 'refuse',
    quorum: 'refuse',
    ceph: 'refuse',
    modules: ['nouveau', 'nova_core'],
    timeout: 900,
    ...more,
  }
  const seen = await nvidiaNodeReboot.probe(args, gpuHost(given))
  return { plan: nvidiaNodeReboot.plan(args, seen), report: nvidiaNodeReboot.report(args, seen) }
}

const guests: GpuHost = {
  modules: { nouveau: {} },
  files: {
    '/etc/pve/lxc/101.conf': 'hostname: jellyfin\n',
    '/etc/pve/lxc/102.conf': 'hostname: old\n',
    '/etc/pve/qemu-server/200.conf': 'name: windows\n',
    '/etc/pve/qemu-server/201.conf': 'name: off\n',
    '/run/qemu-server/200.pid': '4711\n',
    '/proc/4711/cmdline': '/usr/bin/kvm -id 200 -name windows '.replaceAll(' ', '\0'),
    // Killed: the pid now belongs to another program.
    '/run/qemu-server/201.pid': '4712\n',
    '/proc/4712/cmdline': 'sleep -id 201 '.replaceAll(' ', '\0'),
  },
  containers: {
    '101': { status: 'running', config: 'hostname: jellyfin\n', pid: 1 },
    '102': { status: 'stopped', config: 'hostname: old\n', pid: undefined },
  },
}

test('a node restarts while nouveau is loaded, and reports which guests that stops', async () => {
  const { plan } = await look(guests)
  assert.deepEqual(
    plan.actions.map(({ kind }) => kind),
    ['reboot'],
  )
  assert.match(plan.warnings[0] ?? '', /CT 101 \(jellyfin\), VM 200 \(windows\)/)
})

test('a dry run predicts the driver that is loaded after the restart', async () => {
  const effects = async (
    given: GpuHost,
    more: Partial<Args> = {},
  ): Promise<Readonly<Record<string, unknown>>> => {
    const [reboot] = (await look(given, more)).plan.actions
    const modules = (reboot?.effects ?? []).flatMap((effect) =>
      effect.kind === 'kernelModule' ? [[effect.name, effect.becomes] as const] : [],
    )
    return Object.fromEntries(modules)
  }
  const none = { loaded: false }
  assert.deepEqual(await effects(guests), { nouveau: none, nova_core: none, nvidia: none, nvidia_uvm: none })
  const files = { '/var/lib/nvidia/log': `1.0-5 (${version})\n` }
  const driver = { loaded: true, version }
  assert.deepEqual(
    await effects({ files, modules: { nvidia: { version: '570.207' } } }, { purpose: 'load_driver' }),
    {
      nouveau: none,
      nova_core: none,
      nvidia: driver,
      nvidia_uvm: driver,
    },
  )
})

test('a driver from packages is loaded after the restart as well', async () => {
  const libraries = '/usr/lib/x86_64-linux-gnu'
  const packaged: GpuHost = { links: { [`${libraries}/libcuda.so.1`]: `libcuda.so.${version}` } }
  const freed = await look({ ...guests, ...packaged })
  assert.deepEqual(
    freed.plan.actions[0]?.effects?.find(
      (effect) => effect.kind === 'kernelModule' && effect.name === 'nvidia',
    ),
    { kind: 'kernelModule', name: 'nvidia', becomes: { loaded: true, version } },
  )
  const modules = { nvidia: { version: '570.207' } }
  const pending = { purpose: 'load_driver', mode: 'never' } as const
  const { plan } = await look({ ...packaged, modules }, pending)
  assert.match(
    plan.warnings[0] ?? '',
    /^REBOOT PENDING: driver 570\.207 is loaded, 580\.95\.05 is installed\./,
  )
  assert.deepEqual((await look({ modules }, pending)).plan.warnings, [])
})

test('without permission the reboot is pending, and its guests are reported', async () => {
  const pending = /REBOOT PENDING.*CT 101 \(jellyfin\), VM 200 \(windows\).*nvidia_host_reboot=auto/
  const never = await look(guests, { mode: 'never' })
  assert.deepEqual(never.plan.actions, [])
  assert.match(never.plan.warnings[0] ?? '', pending)
  const ask = await look(guests, { mode: 'ask' })
  const [reboot] = ask.plan.actions
  assert.ok(reboot?.kind === 'reboot')
  assert.match(reboot.ask?.question ?? '', /^Reboot pve1 now\? .*It stops CT 101 \(jellyfin\)/)
  assert.equal(reboot.ask?.declined, never.plan.warnings[0])
  for (const { report } of [never, ask])
    assert.deepEqual(report, { pending: true, guests: ['CT 101 (jellyfin)', 'VM 200 (windows)'] })
})

test('if a restart is unsafe, gpuplay does not ask for it; it stays pending with the reason', async () => {
  const files = { '/etc/pve/lxc/101.conf': '', '/etc/pve/ha/resources.cfg': 'ct: 101\n\tstate started\n' }
  const { plan } = await look({ ...nouveau, files }, { mode: 'ask' })
  assert.deepEqual(plan.actions, [])
  assert.match(plan.warnings[0] ?? '', /REBOOT PENDING.*Not safe now: HA manages guests of this node: 101/)
})

test('a node whose cards are not in use is not restarted', async () => {
  const { plan, report } = await look({ modules: { nvidia: { version: '570.207' } } })
  assert.deepEqual(plan.actions, [])
  assert.equal(report.pending, false)
})

test('another loaded driver is a reason to restart only after the requested one is installed', async () => {
  const installed = { '/var/lib/nvidia/log': `1.0-5 (${version})\n` }
  const modules = { nvidia: { version: '570.207' } }
  const purpose = 'load_driver' as const
  assert.equal((await look({ modules, files: installed }, { purpose })).plan.actions.length, 1)
  assert.equal((await look({ modules }, { purpose })).plan.actions.length, 0)
  const right = { modules: { nvidia: { version } }, files: installed }
  assert.equal((await look(right, { purpose })).plan.actions.length, 0)
  assert.equal((await look({ files: installed }, { purpose })).plan.actions.length, 0)
})

const nouveau = { modules: { nouveau: {} } } satisfies GpuHost

async function obstacles(given: GpuHost, more: Partial<Args> = {}): Promise<readonly string[]> {
  const { plan } = await look({ ...nouveau, ...given }, more)
  assert.deepEqual(plan.actions, [])
  assert.equal(plan.refusal?.code, 'cannot-restart')
  return plan.refusal?.findings?.map(({ message }) => message) ?? []
}

const members = (total: number): string =>
  `Votequorum information\n----------------------\nExpected votes:   3\nHighest expected: 3\nTotal votes:      ${total}\nQuorum:           2  \nFlags:            Quorate \n\nMembership information\n----------------------\n    Nodeid      Votes Name\n0x00000001          1 192.0.2.11 (local)\n0x00000002          1 192.0.2.12\n`

const cluster = (...nodes: readonly string[]): Record<string, string> => ({
  '/etc/pve/corosync.conf': corosyncFile('prod', nodes),
})
const status = (total: number): GpuHost['programs'] => ({ 'pvecm status': { stdout: members(total) } })

test('the cluster must stay quorate without the node, and the reboot holds all its members', async () => {
  const files = cluster('pve1', 'pve2', 'pve3')
  assert.deepEqual(await obstacles({ files, programs: status(2) ?? {} }), [
    'without this node, the cluster has 1 of the 2 votes that it needs',
  ])
  const [reboot] = (await look({ ...nouveau, files, programs: status(3) ?? {} })).plan.actions
  assert.deepEqual(reboot?.kind === 'reboot' && reboot.slots, [
    'prod 192.0.2.11',
    'prod 192.0.2.12',
    'prod 192.0.2.13',
  ])
})

test('a cluster of one node reboots', async () => {
  const { plan } = await look({ ...nouveau, files: cluster('pve1'), programs: status(1) ?? {} })
  assert.equal(plan.actions.length, 1)
})

test('a quorum that is lost can be allowed, which the plan and the question say, but not with HA', async () => {
  const given: GpuHost = { ...nouveau, files: cluster('pve1', 'pve2'), programs: status(2) ?? {} }
  const says =
    'nvidia_host_quorum: allow overrides this: without this node, the cluster has 1 of the 2 votes that it needs'
  const { plan } = await look(given, { quorum: 'allow' })
  assert.deepEqual([plan.actions.length, plan.warnings], [1, [says]])
  const [asked] = (await look(given, { quorum: 'allow', mode: 'ask' })).plan.actions
  assert.ok(asked?.kind === 'reboot' && asked.ask?.question.includes(says))
  const files = { ...given.files, '/etc/pve/ha/resources.cfg': 'vm: 900\n\tstate started\n' }
  assert.deepEqual(await obstacles({ ...given, files }, { quorum: 'allow' }), [
    'HA resets the other nodes if the cluster loses its quorum: it manages 900',
  ])
})

test('a member whose /etc/pve is not mounted does not pass for a node without a cluster', async () => {
  const files = { '/etc/corosync/corosync.conf': corosyncFile('prod', ['pve1']) }
  assert.deepEqual(await obstacles({ files }, { quorum: 'allow' }), [
    'the node is in a cluster, but its /etc/pve is not mounted',
  ])
})

test('an unhealthy Ceph stands in the way unless it is allowed', async () => {
  const health = { status: 'HEALTH_WARN', checks: { OSD_DOWN: { summary: { message: '1 osds down' } } } }
  const given: GpuHost = {
    files: { '/etc/pve/ceph.conf': '' },
    programs: { 'ceph --connect-timeout 10 health': { stdout: JSON.stringify(health) } },
  }
  const says = 'Ceph is not healthy: HEALTH_WARN: 1 osds down'
  assert.deepEqual(await obstacles(given), [says])
  const { plan } = await look({ ...nouveau, ...given }, { ceph: 'allow' })
  assert.deepEqual(plan.warnings, [`nvidia_host_ceph: allow overrides this: ${says}`])
})

test('a running backup stands in the way, a finished one does not', async () => {
  const task = 'UPID:pve1:00001267:0000ABCD:68F0AAAA:vzdump:101:root@pam:'
  const active = (rest: string, started = 0xabcd): Record<string, string> => ({
    '/var/log/pve/tasks/active': `${task} ${rest}\n`,
    '/proc/4711/stat': processStat(started),
  })
  assert.deepEqual(await obstacles({ files: active('0') }), ['a task is running: vzdump of 101'])
  for (const files of [active('1 68F0BBBB OK'), active('0', 7)])
    assert.equal((await look({ ...nouveau, files })).plan.actions.length, 1)
})

test('a locked guest that runs stands in the way: it could not be started again', async () => {
  const found = await obstacles({
    ...guests,
    files: {
      ...guests.files,
      '/etc/pve/qemu-server/200.conf': 'name: windows\nlock: backup\n\n[old]\nlock: x\n',
    },
    containers: {
      '101': { status: 'running', config: 'hostname: jellyfin\nlock: snapshot\n', pid: 1 },
      '102': { status: 'stopped', config: 'hostname: old\nlock: backup\n', pid: undefined },
    },
  })
  assert.deepEqual(found, [
    'CT 101 (jellyfin) is locked (lock: snapshot)',
    'VM 200 (windows) is locked (lock: backup)',
  ])
})

test('guests that HA manages are refused, unless the HA policy freezes them', async () => {
  const files = {
    '/etc/pve/lxc/101.conf': 'hostname: jellyfin\n',
    '/etc/pve/ha/resources.cfg': 'ct: 101\n\tstate started\n\nvm: 900\n\tstate started\n',
  }
  assert.deepEqual(await obstacles({ files }), ['HA manages guests of this node: 101'])
  assert.equal((await look({ ...nouveau, files }, { ha: 'freeze' })).plan.actions.length, 1)
  const migrating = { ...files, '/etc/pve/datacenter.cfg': 'ha: shutdown_policy=migrate\n' }
  assert.match(
    (await obstacles({ files: migrating }, { ha: 'freeze' }))[0] ?? '',
    /shutdown_policy is migrate/,
  )
  const ignored = { ...files, '/etc/pve/ha/resources.cfg': 'ct: 101\n\tstate ignored\n' }
  assert.equal((await look({ ...nouveau, files: ignored })).plan.actions.length, 1)
  const rules = 'node-affinity: gpu\n\tnodes pve1:2,pve2\n\tresources ct:101\n\tstrict 1\n'
  assert.deepEqual(await obstacles({ files: { ...files, '/etc/pve/ha/rules.cfg': rules } }), [
    'HA manages guests of this node: 101 (rule "gpu": only on pve1, pve2)',
  ])
})

test('gpuplay does not restart the node that it runs on, nor the node of the virtual machine that it runs in', async () => {
  const bootId = '99999999-2222-3333-4444-555555555555'
  const same = await look({
    ...nouveau,
    bootId,
    controllerFiles: { '/proc/sys/kernel/random/boot_id': `${bootId}\n` },
  })
  assert.deepEqual(same.plan.actions, [])
  assert.match(same.plan.warnings[0] ?? '', /REBOOT PENDING.*gpuplay runs on this node/)
  const uuid = '4c4c4544-0042-3510-8053-b4c04f4e4d32'
  const machine = await look({
    ...nouveau,
    files: { '/etc/pve/qemu-server/200.conf': `name: me\nsmbios1: uuid=${uuid}\n` },
    controllerFiles: { '/sys/class/dmi/id/product_uuid': `${uuid.toUpperCase()}\n` },
  })
  assert.match(machine.plan.warnings[0] ?? '', /gpuplay runs in VM 200/)
})

test('a reboot to load the driver is not safe if the next boot chooses a kernel without it', async () => {
  const newer = '6.8.12-10-pve'
  const given: GpuHost = {
    modules: { nvidia: { version: '570.207' } },
    files: { '/var/lib/nvidia/log': `1.0-5 (${version})\n`, [`/boot/vmlinuz-${newer}`]: '' },
  }
  const { plan } = await look(given, { purpose: 'load_driver' })
  assert.deepEqual(plan.refusal?.findings, [
    {
      message: `the next boot chooses kernel ${newer}, which has no module of driver ${version}`,
      fix: 'pin another kernel: proxmox-boot-tool kernel pin 6.8.12-9-pve',
    },
  ])
  const programs = { [`modinfo -k ${newer}`]: { stdout: `${version}\n` } }
  assert.equal((await look({ ...given, programs }, { purpose: 'load_driver' })).plan.actions.length, 1)
})
