import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Host } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import { nvidiaUninstall } from './module.ts'

const version = '580.95.05'
const helper = '/usr/local/lib/gpuplay/nvidia-driver'
const log = { '/var/lib/nvidia/log': `1.0-1 (${version})\n` }
const node: GpuHost = {
  modules: { nvidia: { version }, nvidia_uvm: {} },
  files: { ...log, [helper]: 'x', '/var/lib/gpuplay/v1/jobs/nvidia-installer/fingerprint': 'x' },
}

async function planOf(host: Host): Promise<Plan> {
  const args = { timeout: 900 }
  return nvidiaUninstall.plan(args, await nvidiaUninstall.probe(args, host))
}

function commands({ actions }: Plan): readonly string[] {
  return actions.map((action) => (action.kind === 'run' ? action.argv.join(' ') : action.kind))
}

test('a driver that gpuplay has installed is unloaded and removed', async () => {
  assert.deepEqual(commands(await planOf(gpuHost(node))), [
    `${helper} unload`,
    '/usr/bin/nvidia-uninstall --silent',
    'remove',
  ])
  const unloaded = await planOf(gpuHost({ ...node, modules: {} }))
  assert.deepEqual(commands(unloaded), ['/usr/bin/nvidia-uninstall --silent', 'remove'])
})

test('a driver that somebody else has installed stays', async () => {
  for (const files of [{ ...log, [helper]: 'x' }, {}]) {
    const plan = await planOf(gpuHost({ ...node, files }))
    assert.deepEqual(plan.actions, [])
    assert.deepEqual(plan.warnings, [`driver ${version} stays: gpuplay has not installed it from a .run`])
  }
  const none = await planOf(gpuHost({}))
  assert.deepEqual([none.actions, none.warnings], [[], []])
})

test('after an interruption, the record of the installer is removed', async () => {
  const { '/var/lib/nvidia/log': _, ...files } = { ...node.files }
  const plan = await planOf(gpuHost({ files }))
  assert.deepEqual(
    plan.actions.map((action) => 'path' in action && action.path),
    ['/var/lib/gpuplay/v1/jobs/nvidia-installer'],
  )
})

test('nothing is removed from a node as long as a container has a GPU', async () => {
  const files = { ...node.files, '/etc/pve/lxc/140.conf': 'x' }
  const containers = (config: string): NonNullable<GpuHost['containers']> => ({
    140: { status: 'stopped', config, pid: undefined },
  })
  const { refusal, actions } = await planOf(
    gpuHost({ ...node, files, containers: containers('hostname: web\ndev0: /dev/nvidia0\n') }),
  )
  assert.deepEqual(actions, [])
  assert.equal(refusal?.findings?.[0]?.message, 'container 140 (web) has a GPU')
  const template = await planOf(
    gpuHost({ ...node, files, containers: containers('template: 1\ndev0: /dev/nvidia0\n') }),
  )
  assert.equal(template.actions.length, 3)
})
