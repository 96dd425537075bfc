import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Settle } from '../../host/plan.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import { nvidiaUnlocked } from './module.ts'

const gpu = 'dev0: /dev/nvidia0\n'

async function waits(config: string, status: 'running' | 'stopped' = 'running'): Promise<Settle | undefined> {
  const given: GpuHost = {
    files: { '/etc/pve/lxc/101.conf': 'x', '/etc/pve/lxc/102.conf': 'x' },
    containers: {
      101: { status, config, pid: status === 'running' ? 1 : undefined },
      102: { status: 'running', config: `${gpu}lock: migrate\n`, pid: 2 },
    },
  }
  const args = { containers: [{ ctid: 101 }], timeout: 7 }
  const plan = nvidiaUnlocked.plan(args, await nvidiaUnlocked.probe(args, gpuHost(given)))
  assert.deepEqual(plan.actions, [])
  return plan.settle
}

test('a locked container of the run that has a GPU is waited for, and named', async () => {
  const settle = await waits(`${gpu}lock: backup\n`)
  assert.equal(settle?.why, 'container 101 is locked (lock: backup): Proxmox is working on it')
  assert.equal(settle.timeout, 7)
  assert.match(settle.hint ?? '', /pct unlock 101/)
})

test('locks of stopped containers, of containers without a GPU and of those outside the run do not matter', async () => {
  assert.equal(await waits(gpu), undefined)
  assert.equal(await waits('lock: backup\n'), undefined)
  assert.equal(await waits(`${gpu}lock: backup\n`, 'stopped'), undefined)
})
