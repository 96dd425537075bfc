import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Host } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import { gpuHost } from '../../nvidia/testing/gpu-host.ts'
import { pveContainer } from './module.ts'

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
  const given = { ctid: '', restart, timeout: 120, force: false, lock_timeout: 60 }
  const host: Host = {
    ...gpuHost({ files, containers: { 101: { status: 'stopped', config, pid: undefined } } }),
    placement: { ctid: '101', nodeName: undefined, cluster: undefined },
  }
  const seen = await pveContainer.probe(given, host)
  return { plan: pveContainer.plan(given, seen), message: pveContainer.message(given, seen) }
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
  assert.match(never.plan.warnings[0] ?? '', /start container 101 to give/)
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
