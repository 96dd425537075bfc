import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Host } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import { converge } from '../testing/converge.ts'
import { fakeWorld, type FakeWorld } from '../testing/fake-host.ts'
import { nvidiaUninstall } from './module.ts'

const version = '580.95.05'
const helper = '/usr/local/lib/gpuplay/nvidia-driver'
const log = { '/var/lib/nvidia/log': `1.0-1 (${version})\n` }
const record = '/var/lib/gpuplay/v1/jobs/nvidia-installer/run'
const succeeded = '/var/lib/gpuplay/v1/jobs/nvidia-installer/succeeded'
const cached = (of: string): string => `/var/cache/gpuplay/NVIDIA-Linux-x86_64-${of}.run`
/** The script of the installer's job (`executors/job.ts`). */
const ran = (of: string): string => `umask 022\n(\ntimeout -k 10 900 sh ${cached(of)} --silent\n)\n`
const files = { ...log, [helper]: 'x', [record]: ran(version) }
const node: GpuHost = { modules: { nvidia: { version }, nvidia_uvm: {} }, files }

async function planOf(host: Host): Promise<Plan> {
  const args = { timeout: 900 }
  return nvidiaUninstall.plan(args, await nvidiaUninstall.probe(args, host))
}

function commands({ actions }: Plan): readonly string[] {
  return actions.map((action) => (action.kind === 'run' ? action.argv.join(' ') : action.kind))
}

/** A node, and what its uninstaller does. */
function worldOf(uninstalls: boolean): FakeWorld {
  const world = fakeWorld(files)
  world.program = () => {
    if (uninstalls) world.files.delete('/var/lib/nvidia/log')
    return { code: 0, stdout: '', stderr: '' }
  }
  return world
}

test('a driver that gpuplay has installed is unloaded and removed', async () => {
  const plan = await planOf(gpuHost(node))
  assert.deepEqual(commands(plan), [`${helper} unload`, '/usr/bin/nvidia-uninstall --silent'])
  const unloaded = await planOf(gpuHost({ ...node, modules: {} }))
  assert.deepEqual(commands(unloaded), ['/usr/bin/nvidia-uninstall --silent'])
})

test('the installation is forgotten only after the driver is gone: the uninstaller always exits with 0', async () => {
  const gone = worldOf(true)
  const run = await converge(nvidiaUninstall, {}, gone)
  assert.deepEqual(
    run.actions.map(({ label }) => label),
    [`remove driver ${version}`, 'remove the record of the installation'],
  )
  assert.equal(gone.files.has(record), false)
  const remains = worldOf(false)
  await assert.rejects(converge(nvidiaUninstall, {}, remains), /again: remove driver 580\.95\.05/)
  assert.equal(remains.files.has(record), true)
})

test('a driver that somebody else has installed stays', async () => {
  for (const others of [{ ...log, [helper]: 'x' }, {}]) {
    const plan = await planOf(gpuHost({ ...node, files: others }))
    assert.deepEqual(plan.actions, [])
    assert.deepEqual(plan.warnings, [`driver ${version} stays: gpuplay has not installed it from a .run`])
  }
  const none = await planOf(gpuHost({}))
  assert.deepEqual([none.actions, none.warnings], [[], []])
})

test("a .run that somebody has installed after gpuplay's stays", async () => {
  const cases = { [ran('570.124.06')]: '570.124.06', 'cut off': 'an unknown version' }
  for (const [run, of] of Object.entries(cases)) {
    const why = `driver ${version} stays: the last installer that gpuplay ran here is that of ${of}; to remove the driver, run nvidia-uninstall`
    const plan = await planOf(gpuHost({ ...node, files: { ...files, [record]: run } }))
    assert.deepEqual([plan.actions, plan.warnings], [[], [why]])
  }
  // The helper gets the version that is replaced, and its .run, before the one to install.
  const exchange = `${helper} install ${version} 570.124.06 ${cached('570.124.06')} --dkms -- sh ${cached(version)}`
  const plan = await planOf(gpuHost({ ...node, files: { ...files, [record]: `(\n${exchange}\n)\n` } }))
  assert.equal(plan.actions.length, 2)
})

test('after a failed upgrade, the driver before it is removed: its installer was the last that succeeded', async () => {
  const before = '570.124.06'
  const exchange = `${helper} install ${version} ${before} ${cached(before)} --dkms -- sh ${cached(version)}`
  const failed = {
    '/var/lib/nvidia/log': `1.0-1 (${before})\n`,
    [helper]: 'x',
    [record]: `(\n${exchange}\n)\n`,
    [succeeded]: ran(before),
  }
  const plan = await planOf(gpuHost({ modules: { nvidia: { version: before } }, files: failed }))
  assert.deepEqual(commands(plan), [`${helper} unload`, '/usr/bin/nvidia-uninstall --silent'])
  // Somebody has installed it meanwhile.
  const others = { ...failed, [succeeded]: ran('550.163.01') }
  const stays = await planOf(gpuHost({ modules: {}, files: others }))
  assert.deepEqual([stays.actions.length, stays.warnings.length], [0, 1])
})

test('after an interruption, the record of the installer is removed', async () => {
  const { '/var/lib/nvidia/log': _, ...left } = files
  const plan = await planOf(gpuHost({ files: left }))
  assert.deepEqual(
    plan.actions.map((action) => 'path' in action && action.path),
    ['/var/lib/gpuplay/v1/jobs/nvidia-installer'],
  )
  const loaded = await planOf(gpuHost({ ...node, files: left }))
  assert.deepEqual(loaded.warnings, [
    `driver ${version} is removed, but its kernel modules stay loaded until the node reboots`,
  ])
})

test('nothing is removed from a node as long as a container has a GPU', async () => {
  const configured = { ...files, '/etc/pve/lxc/140.conf': 'x' }
  const containers = (config: string): NonNullable<GpuHost['containers']> => ({
    140: { status: 'stopped', config, pid: undefined },
  })
  // Not even without a driver of gpuplay: the playbook removes the services that create the device nodes.
  const drivers: readonly GpuHost[] = [
    node,
    { modules: {} },
    { ...node, files: { ...log, [helper]: 'x' } },
    { ...node, files: { [helper]: 'x' } },
  ]
  for (const driver of drivers) {
    const { refusal, actions } = await planOf(
      gpuHost({
        ...driver,
        files: { ...driver.files, '/etc/pve/lxc/140.conf': 'x' },
        containers: containers('hostname: web\ndev0: /dev/nvidia0\n'),
      }),
    )
    assert.deepEqual(actions, [])
    assert.equal(refusal?.findings?.[0]?.message, 'container 140 (web) has a GPU')
  }
  const template = await planOf(
    gpuHost({
      ...node,
      files: configured,
      containers: containers('template: 1\ndev0: /dev/nvidia0\n'),
    }),
  )
  assert.equal(template.actions.length, 2)
})
