import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan } from '../../host/plan.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
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

test('without the node, the cluster must keep its quorum', async () => {
  const files = { '/etc/pve/corosync.conf': 'totem {}\n' }
  const programs = (total: number): GpuHost['programs'] => ({ 'pvecm status': { stdout: members(total) } })
  assert.deepEqual(await obstacles({ files, programs: programs(2) ?? {} }), [
    'without this node, the cluster has 1 of the 2 votes that it needs',
  ])
  assert.equal((await look({ ...nouveau, files, programs: programs(3) ?? {} })).plan.actions.length, 1)
})

test('an unhealthy Ceph and a running backup prevent the restart, a finished backup does not', async () => {
  const ceph = { 'ceph health': { stdout: 'HEALTH_WARN 1 osds down\n' } }
  assert.deepEqual(await obstacles({ files: { '/etc/pve/ceph.conf': '' }, programs: ceph }), [
    'Ceph is not healthy: HEALTH_WARN 1 osds down',
  ])
  const task = 'UPID:pve1:00001267:0000ABCD:68F0AAAA:vzdump:101:root@pam:'
  const active = (rest: string): Record<string, string> => ({
    '/var/log/pve/tasks/active': `${task} ${rest}\n`,
    [`/proc/${Number.parseInt('00001267', 16)}/stat`]: '',
  })
  assert.deepEqual(await obstacles({ files: active('0') }), ['a task is running: vzdump of 101'])
  assert.equal((await look({ ...nouveau, files: active('1 68F0BBBB OK') })).plan.actions.length, 1)
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
