import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Plan } from '../../host/plan.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import type { Args } from './args.ts'
import { nvidiaLoaded } from './module.ts'

const version = '580.95.05'
const helper = '/usr/local/lib/gpuplay/nvidia-driver'

interface Result {
  readonly plan: Plan
  readonly report: ReturnType<typeof nvidiaLoaded.report>
}

async function look(given: GpuHost, more: Partial<Args> = {}): Promise<Result> {
  const args: Args = {
    version,
    reload: true,
    graphics: false,
    containers: [],
    stop_timeout: 120,
    force_stop: false,
    lock_timeout: 60,
    install_timeout: 3600,
    ...more,
  }
  const seen = await nvidiaLoaded.probe(args, gpuHost(given))
  return { plan: nvidiaLoaded.plan(args, seen), report: nvidiaLoaded.report(args, seen) }
}

function summary({ actions }: Plan): readonly string[] {
  return actions.map((action) => {
    if (action.kind === 'run') return action.argv.join(' ')
    return action.kind === 'containerPower' ? `${action.verb} ${action.ctid}` : action.kind
  })
}

const proc = {
  '/proc/devices': 'Character devices:\n195 nvidia\n195 nvidiactl\n508 nvidia-uvm\n\nBlock devices:\n',
  '/proc/driver/nvidia/gpus/0000:01:00.0/information': 'Bus Location: \t 0000:01:00.0\nDevice Minor: \t 1\n',
}
const nodes = {
  '/dev/nvidiactl': '195:255',
  '/dev/nvidia-uvm': '508:0',
  '/dev/nvidia-uvm-tools': '508:1',
  '/dev/nvidia1': '195:1',
}
const loaded = (at: string): GpuHost => ({
  modules: { nvidia: { version: at }, nvidia_uvm: {} },
  files: proc,
  nodes,
})

test('the driver is loaded if it is not; its device nodes are known only in the run', async () => {
  const { plan, report } = await look({})
  assert.deepEqual(summary(plan), [`${helper} load`])
  assert.ok(
    plan.actions[0]?.effects?.some(
      (effect) => effect.kind === 'unknown' && effect.resources.includes('file:/dev/nvidia*'),
    ),
  )
  assert.equal(report.pending, true)
})

test('for a loaded driver with all device nodes, nothing is planned', async () => {
  const { plan, report } = await look(loaded(version))
  assert.deepEqual(plan.actions, [])
  assert.equal(report.pending, false)
})

test('for graphics, the modules of the display and their device node are required too', async () => {
  const given = loaded(version)
  const { plan } = await look(given, { graphics: true })
  assert.deepEqual(summary(plan), [`${helper} load`])
  assert.match(plan.actions[0]?.label ?? '', /\/dev\/nvidia-modeset$/)
  const whole: GpuHost = { ...given, nodes: { ...nodes, '/dev/nvidia-modeset': '195:254' } }
  const modules = { ...given.modules, nvidia_modeset: {}, nvidia_drm: {} }
  assert.deepEqual((await look({ ...whole, modules }, { graphics: true })).plan.actions, [])
  assert.equal((await look(whole, { graphics: true })).plan.actions.length, 1)
  assert.deepEqual((await look(given)).plan.actions, [])
})

test('a device node with an old number, a file instead of a device node, and missing unified memory are repaired', async () => {
  const moved = await look({ ...loaded(version), nodes: { ...nodes, '/dev/nvidia-uvm': '511:0' } })
  assert.deepEqual(summary(moved.plan), [`${helper} load`])
  assert.match(moved.plan.actions[0]?.label ?? '', /\/dev\/nvidia-uvm$/)
  const { '/dev/nvidia1': _, ...others } = nodes
  const plain = await look({ ...loaded(version), nodes: others, files: { ...proc, '/dev/nvidia1': '' } })
  assert.deepEqual(summary(plain.plan), [`${helper} load`])
  const without = await look({ modules: { nvidia: { version } }, files: proc, nodes })
  assert.deepEqual(summary(without.plan), [`${helper} load`])
})

const withContainers = (at: string): GpuHost => ({
  ...loaded(at),
  files: {
    ...proc,
    '/etc/pve/lxc/101.conf': 'x',
    '/etc/pve/lxc/102.conf': 'x',
    '/etc/pve/lxc/103.conf': 'x',
    '/etc/pve/lxc/104.conf': 'x',
  },
  containers: {
    '101': { status: 'running', config: 'dev0: /dev/nvidia0\n', pid: 1 },
    '102': { status: 'stopped', config: 'dev0: /dev/nvidia0\n', pid: undefined },
    '103': { status: 'running', config: 'hostname: web\n', pid: 3 },
    '104': { status: 'running', config: 'dev0: /dev/nvidia0\n', pid: 4 },
  },
})
const managed = { containers: [{ ctid: '101' }, { ctid: 102 }, { ctid: '103' }] }

test('another version is loaded while the GPU containers of this run are stopped, and only these', async () => {
  const { plan } = await look(withContainers('570.207'), managed)
  assert.deepEqual(summary(plan), ['shutdown 101', `${helper} reload ${version}`, 'start 101'])
})

test('nothing is stopped while one of the containers to stop is locked; the locks of others do not matter', async () => {
  const given = withContainers('570.207')
  const lockedAs = (ctid: '101' | '102' | '104', at: GpuHost): GpuHost => ({
    ...at,
    containers: {
      ...at.containers,
      [ctid]: { ...at.containers?.[ctid], config: 'dev0: /dev/nvidia0\nlock: snapshot\n' },
    } as GpuHost['containers'] & object,
  })
  for (const at of [given, { ...given, modules: {} }]) {
    const { plan } = await look(lockedAs('101', at), { ...managed, lock_timeout: 7 })
    assert.deepEqual(plan.actions, [])
    assert.equal(plan.settle?.why, 'container 101 is locked (lock: snapshot): Proxmox is working on it')
    assert.equal(plan.settle?.timeout, 7)
    assert.match(plan.settle?.hint ?? '', /pct unlock 101/)
  }
  for (const ctid of ['102', '104'] as const)
    assert.equal((await look(lockedAs(ctid, given), managed)).plan.actions.length, 3)
})

test('the time limits and the forced stop are those of the arguments', async () => {
  const { plan } = await look(withContainers('570.207'), {
    ...managed,
    stop_timeout: 5,
    force_stop: true,
    install_timeout: 600,
  })
  const [shutdown, reload] = plan.actions
  assert.ok(shutdown?.kind === 'containerPower' && shutdown.timeout === 5 && shutdown.force === true)
  assert.ok(reload?.kind === 'run' && reload.timeout === 900)
})

test('stopped containers whose user space will not match are named', async () => {
  const given = withContainers('570.207')
  const files = { ...given.files, '/var/lib/gpuplay/v1/userspace/102': '570.207\n' }
  const { plan } = await look({ ...given, files }, managed)
  assert.deepEqual(plan.warnings, [
    `container 102 is stopped: its user space stays 570.207, the module becomes ${version}; run containers.yml when it runs`,
  ])
  const same = { ...files, '/var/lib/gpuplay/v1/userspace/102': `${version}\n` }
  assert.deepEqual((await look({ ...given, files: same }, managed)).plan.warnings, [])
})

test('containers with a GPU that started before the driver was loaded are restarted afterwards', async () => {
  const { plan } = await look({ ...withContainers(version), modules: {} }, managed)
  assert.deepEqual(summary(plan), ['shutdown 101', `${helper} load`, 'start 101'])
})

test('a failed unload is not retried until the next boot, except for another version', async () => {
  const failed = (text: string): GpuHost => ({
    ...loaded('570.207'),
    files: { ...proc, '/run/gpuplay/nvidia-reload-failed': text },
  })
  const { plan, report } = await look(failed(`570.207 ${version}\n`))
  assert.deepEqual(plan.actions, [])
  assert.match(plan.warnings[0] ?? '', /stays loaded until the node reboots/)
  assert.equal(report.pending, true)
  assert.deepEqual(summary((await look(failed('570.207 575.57.08\n'))).plan), [`${helper} reload ${version}`])
})

test('with reload off, or if HA manages a GPU container, the restart stays pending', async () => {
  assert.deepEqual((await look(withContainers('570.207'), { ...managed, reload: false })).plan.actions, [])
  const given = withContainers('570.207')
  const ha = {
    ...given,
    files: { ...given.files, '/etc/pve/ha/resources.cfg': 'ct: 101\n\tstate started\n' },
  }
  const { plan } = await look(ha, managed)
  assert.deepEqual(plan.actions, [])
  assert.match(plan.warnings[0] ?? '', /HA manages container 101/)
})

test('while nouveau uses the cards, no driver is loaded', async () => {
  const { plan, report } = await look({ modules: { nouveau: {} } })
  assert.deepEqual(plan.actions, [])
  assert.equal(report.pending, true)
})

test('containers that could not start with the node without a driver are started once it is loaded', async () => {
  const stopped = (config: string): { status: 'stopped'; config: string; pid: undefined } => ({
    status: 'stopped',
    config,
    pid: undefined,
  })
  const marks = Object.fromEntries(
    ['101', '102', '103', '104', '999'].map((ctid) => [`/run/gpuplay/without-driver/${ctid}`, '']),
  )
  const given: GpuHost = {
    files: { ...proc, ...marks, '/etc/pve/ha/resources.cfg': 'ct: 104\n\tstate started\n' },
    containers: {
      101: stopped('onboot: 1\ndev0: /dev/nvidia0\n'),
      102: stopped('dev0: /dev/nvidia0\n[old]\nonboot: 1\n'),
      103: { status: 'running', config: 'onboot: 1\n', pid: 7 },
      104: stopped('onboot: 1\ndev0: /dev/nvidia0\n'),
      105: stopped('onboot: 1\ndev0: /dev/nvidia0\n'),
    },
  }
  assert.deepEqual(summary((await look(given)).plan), [`${helper} load`, 'start 101'])
  const late = await look({ ...loaded(version), ...given, nodes })
  assert.deepEqual(summary(late.plan), ['start 101'])
  assert.equal(
    late.plan.actions[0]?.label,
    'start container 101: it could not start with the node, because no driver was loaded',
  )
  const locked = { ...given.containers, 101: stopped('onboot: 1\nlock: backup\n') }
  assert.match((await look({ ...given, containers: locked })).plan.settle?.why ?? '', /101 is locked/)
})

/** Open modules are loaded, and those of this license are installed. */
function openLoaded(license: string): GpuHost {
  const given = withContainers(version)
  return {
    ...given,
    files: {
      ...given.files,
      '/proc/driver/nvidia/version': `NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  ${version}\n`,
    },
    programs: { 'modinfo -k 6.8.12-9-pve -F license': { stdout: `${license}\n` } },
  }
}

test('another type of kernel modules is loaded as another version is, once it is installed', async () => {
  const wanted = { ...managed, module_type: 'proprietary' } as const
  const { plan, report } = await look(openLoaded('NVIDIA'), wanted)
  assert.deepEqual(summary(plan), ['shutdown 101', `${helper} reload ${version}`, 'start 101'])
  assert.equal(
    plan.actions[1]?.label,
    `replace the loaded driver ${version} (open kernel modules) with its proprietary ones`,
  )
  assert.equal(report.pending, true)
  for (const [license, more] of [
    ['NVIDIA', managed],
    ['Dual MIT/GPL', wanted],
    ['NVIDIA', { ...managed, module_type: 'open' }],
  ] as const) {
    const other = await look(openLoaded(license), more)
    assert.deepEqual(other.plan.actions, [])
    assert.equal(other.report.pending, false)
  }
})

test('another type of kernel modules waits for a reboot if those that are loaded are in use', async () => {
  const given = openLoaded('NVIDIA')
  const files = { ...given.files, '/run/gpuplay/nvidia-reload-failed': `${version} ${version}\n` }
  const { plan, report } = await look({ ...given, files }, { module_type: 'proprietary' })
  assert.deepEqual(plan.actions, [])
  assert.match(
    plan.warnings[0] ?? '',
    /^driver 580\.95\.05 \(open kernel modules\) stays loaded until the node reboots/,
  )
  assert.equal(report.pending, true)
})
