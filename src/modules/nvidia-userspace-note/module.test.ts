import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Host } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import { nvidiaUserspaceNote } from './module.ts'

const library = { '/usr/lib/x86_64-linux-gnu/libnvidia-ml.so.1': 'libnvidia-ml.so.580.95.05' }
const note = '/var/lib/gpuplay/v1/userspace/101'

async function planOf(given: GpuHost, status: 'running' | 'stopped', ctid?: string): Promise<Plan> {
  const containers = { '101': { status, config: '', pid: undefined } }
  const host: Host = {
    ...gpuHost({ ...given, containers }),
    placement: { ctid, nodeName: undefined, cluster: undefined },
  }
  return nvidiaUserspaceNote.plan({}, await nvidiaUserspaceNote.probe({}, host))
}

test('the version in a running container is written to its node, once', async () => {
  const plan = await planOf({ links: library }, 'running', '101')
  assert.deepEqual(
    plan.actions.map((action) => [action.kind, action.on]),
    [
      ['makeDirectory', 'node'],
      ['writeFile', 'node'],
    ],
  )
  const [, write] = plan.actions
  assert.ok(write?.kind === 'writeFile' && write.path === note)
  assert.deepEqual(write.content, { kind: 'text', text: '580.95.05\n' })
  assert.deepEqual(
    (await planOf({ links: library, files: { [note]: '580.95.05\n' } }, 'running', '101')).actions,
    [],
  )
})

test('a stopped container keeps its note, and a node has none', async () => {
  const files = { [note]: '570.207\n' }
  assert.deepEqual((await planOf({ files }, 'stopped', '101')).actions, [])
  assert.equal((await planOf({}, 'running')).refusal?.code, 'not-a-container')
})
