import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Host } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import { gpuHost } from '../../nvidia/testing/gpu-host.ts'
import type { Args } from './args.ts'
import { pveContainerRestart } from './module.ts'

const given: Args = { ctid: '', restart: 'auto', features: [], timeout: 120, force: false, lock_timeout: 60 }

const held = {
  '/run/gpuplay/held/101': '/dev/nvidia0 is now card 0000:41:00.0, which is not assigned to it\n',
}

async function look(
  files: Readonly<Record<string, string>>,
  {
    restart = 'auto',
    lock = '',
    pending = '',
  }: { restart?: 'auto' | 'never' | 'observe'; lock?: string; pending?: string } = {},
): Promise<{ readonly plan: Plan; readonly message: string | undefined }> {
  const config = `${lock === '' ? '' : `lock: ${lock}\n`}cores: 1\n${pending === '' ? '' : `\n[pve:pending]\n${pending}`}`
  const args: Args = { ...given, restart }
  const host: Host = {
    ...gpuHost({ files, containers: { 101: { status: 'stopped', config, pid: undefined } } }),
    placement: { ctid: '101', nodeName: undefined, cluster: undefined },
  }
  const seen = await pveContainerRestart.probe(args, host)
  return { plan: pveContainerRestart.plan(args, seen), message: pveContainerRestart.message(args, seen) }
}

test('a stopped container is not started', async () => {
  const { plan, message } = await look({})
  assert.deepEqual(plan.actions, [])
  assert.match(message ?? '', /stays stopped/)
})

test('a container whose start was prevented is started', async () => {
  const { plan, message } = await look(held)
  assert.deepEqual(
    plan.actions.map((action) => [action.kind, action.on, 'verb' in action ? action.verb : '', action.label]),
    [
      [
        'containerPower',
        'node',
        'start',
        'start container 101: it was held back at its start: /dev/nvidia0 is now card 0000:41:00.0, which is not assigned to it',
      ],
    ],
  )
  assert.equal(message, undefined)
})

test('one that gpuplay has stopped and could not start is started', async () => {
  const { plan, message } = await look({ '/var/lib/gpuplay/v1/guests-to-start/pct-101': '4711:99 1\n' })
  assert.deepEqual(
    plan.actions.map((action) => action.label),
    ['start container 101: gpuplay has stopped it and could not start it again'],
  )
  assert.equal(message, undefined)
})

test('it is not started if restarts are disabled, if HA manages it, or while Proxmox has it locked', async () => {
  const never = await look(held, { restart: 'never' })
  assert.deepEqual(never.plan.actions, [])
  assert.match(never.plan.warnings[0] ?? '', /start container 101 to apply its configuration/)
  assert.deepEqual((await look(held, { restart: 'observe' })).plan.actions, [])
  const ha = await look({ ...held, '/etc/pve/ha/resources.cfg': 'ct: 101\n\tstate started\n' })
  assert.equal(ha.plan.refusal?.code, 'managed-by-ha')
  assert.match((await look(held, { lock: 'backup' })).plan.settle?.why ?? '', /lock: backup/)
})

test('a start or restart names the pending changes that it applies too', async () => {
  const { plan } = await look(held, { pending: 'memory: 512\ndelete: net1,dev7\n' })
  assert.deepEqual(plan.warnings, [
    'the start of container 101 also applies its pending changes: memory, net1, dev7',
  ])
})

test('a privileged container is restarted if its rules are those of an earlier boot', async () => {
  const config =
    'lxc.cgroup2.devices.allow: c 508:0 rw\nlxc.mount.entry: /dev/nvidia-uvm dev/nvidia-uvm none bind\n'
  const plan = async (configured: string, started: string): Promise<Plan> => {
    const host: Host = {
      ...gpuHost({
        files: {
          '/proc/7/mountinfo': '1 2 0:5 / /dev/nvidia-uvm rw - devtmpfs udev rw\n',
          '/var/lib/lxc/101/config': started,
        },
        nodes: { '/dev/nvidia-uvm': '508:0' },
        containers: { 101: { status: 'running', config: configured, pid: 7 } },
        programs: {
          find: { stdout: 'c 666 0 0 /dev/nvidia-uvm\n 1 0 crw-rw-rw- 1 root root 508, 0 Jan 1 00:00 x\n' },
        },
      }),
      placement: { ctid: '101', nodeName: undefined, cluster: undefined },
    }
    return pveContainerRestart.plan(given, await pveContainerRestart.probe(given, host))
  }
  const old = 'lxc.cgroup2.devices.allow = c 509:0 rw\n'
  const stale = await plan(config, old)
  assert.deepEqual(
    stale.actions.map(({ label }) => label),
    ['restart container 101: it was started with device rules that refuse /dev/nvidia-uvm (508:0)'],
  )
  assert.deepEqual(stale.actions[0]?.effects, [
    {
      kind: 'unknown',
      resources: ['file:/var/lib/lxc/101/config', 'file:/proc/7/*'],
      why: 'an earlier action restarts container 101',
    },
  ])
  assert.deepEqual((await plan(config, 'lxc.cgroup2.devices.allow = c 508:0 rw\n')).actions, [])
  // Its rules allow everything, as Proxmox VE configures them.
  assert.deepEqual((await plan(`unprivileged: 1\n${config}`, old)).actions, [])
})

test('a privileged container without GPUs is restarted if its rules still open the render node of one', async () => {
  const plan = async (started: string): Promise<Plan> => {
    const host: Host = {
      ...gpuHost({
        files: {
          '/proc/7/mountinfo': '1 2 0:5 / / rw - overlay ct rw\n',
          '/proc/driver/nvidia/gpus/0000:41:00.0/information': 'Device Minor: \t 1\n',
          '/sys/bus/pci/devices/0000:41:00.0/drm/renderD129/dev': '226:129\n',
          '/var/lib/lxc/101/config': started,
        },
        containers: { 101: { status: 'running', config: 'cores: 1\n', pid: 7 } },
        programs: { find: {} },
      }),
      placement: { ctid: '101', nodeName: undefined, cluster: undefined },
    }
    return pveContainerRestart.plan(given, await pveContainerRestart.probe(given, host))
  }
  const { actions } = await plan('lxc.cgroup2.devices.allow = c 226:129 rw\n')
  assert.deepEqual(
    actions.map(({ label }) => label),
    ['restart container 101: it was started with device rules that allow /dev/dri/renderD129 (226:129)'],
  )
  assert.deepEqual((await plan('lxc.cgroup2.devices.allow = c 226:128 rw\n')).actions, [])
})

test('a container is restarted if it runs without a requested feature of its configuration', async () => {
  const plan = async (
    config: string,
    features: ('nesting' | 'keyctl')[],
    mounts = '1 2 0:5 / / rw - overlay ct rw\n',
  ): Promise<Plan> => {
    const profile = '/var/lib/lxc/101/rules.seccomp'
    const host: Host = {
      ...gpuHost({
        files: {
          '/proc/7/mountinfo': mounts,
          '/var/lib/lxc/101/config': `lxc.seccomp.profile = ${profile}\n`,
          [profile]: 'keyctl errno 38\n',
        },
        containers: { 101: { status: 'running', config, pid: 7 } },
        programs: { find: {} },
      }),
      placement: { ctid: '101', nodeName: undefined, cluster: undefined },
    }
    const args: Args = { ...given, features }
    return pveContainerRestart.plan(args, await pveContainerRestart.probe(args, host))
  }
  const config = 'unprivileged: 1\nfeatures: nesting=1,keyctl=1\n'
  assert.deepEqual(
    (await plan(config, ['nesting', 'keyctl'])).actions.map(({ label }) => label),
    ['restart container 101: it runs without the feature nesting; it runs without the feature keyctl'],
  )
  assert.deepEqual((await plan(config, [])).actions, [])
  assert.deepEqual((await plan('unprivileged: 1\n', ['nesting', 'keyctl'])).actions, [])
  assert.deepEqual(
    (await plan(config, ['nesting'], '1 2 0:5 / /dev/.lxc/proc rw - proc proc rw\n')).actions,
    [],
  )
})
