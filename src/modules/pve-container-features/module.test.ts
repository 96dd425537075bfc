import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Host } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import { gpuHost } from '../../nvidia/testing/gpu-host.ts'
import { pveContainerFeatures } from './module.ts'

async function look(config: string, ctid = ''): Promise<{ readonly plan: Plan; readonly report: object }> {
  const given = {
    ctid,
    features: ['nesting', 'keyctl'] as const,
    ostypes: ['debian', 'ubuntu'],
    lock_timeout: 60,
  }
  const host: Host = {
    ...gpuHost({ containers: { 101: { status: 'stopped', config, pid: undefined } } }),
    placement: { ctid: '101', nodeName: undefined, cluster: undefined },
  }
  const args = { ...given, features: [...given.features] }
  const seen = await pveContainerFeatures.probe(args, host)
  return { plan: pveContainerFeatures.plan(args, seen), report: pveContainerFeatures.report(args, seen) }
}

test("the features are written on the node, under Proxmox's lock, and a converged container is not changed", async () => {
  const { plan, report } = await look('cores: 1\nunprivileged: 1\n')
  const [write, ...others] = plan.actions
  assert.deepEqual(others, [])
  assert.ok(write?.kind === 'writeFile')
  assert.deepEqual([write.on, write.path, write.plain], ['node', '/etc/pve/lxc/101.conf', true])
  assert.deepEqual(write.lock, { kind: 'flock', path: '/run/lock/lxc/pve-config-101.lock', timeout: 60 })
  const text = 'cores: 1\nunprivileged: 1\nfeatures: nesting=1,keyctl=1\n'
  assert.deepEqual(write.content, { kind: 'text', text })
  assert.deepEqual(report, { ctid: '101', unprivileged: true })
  assert.deepEqual((await look(text)).plan.actions, [])
})

test('a privileged container gets no keyctl, which it has without the feature', async () => {
  const { plan, report } = await look('cores: 1\n')
  const [write] = plan.actions
  assert.deepEqual(write?.kind === 'writeFile' && write.content, {
    kind: 'text',
    text: 'cores: 1\nfeatures: nesting=1\n',
  })
  assert.deepEqual(report, { ctid: '101', unprivileged: false })
})

test('a container of another distribution is refused before anything is changed', async () => {
  for (const ostype of ['fedora', 'alpine', 'nixos']) {
    const { plan } = await look(`ostype: ${ostype}\n`)
    assert.equal(
      plan.refusal?.message,
      `container 101 has the distribution ${ostype}, which is not supported: debian, ubuntu`,
    )
  }
  assert.equal((await look('ostype: ubuntu\n')).plan.actions.length, 1)
})

test('a locked container is waited for, and a missing one is refused', async () => {
  assert.match((await look('lock: backup\n')).plan.settle?.why ?? '', /lock: backup/)
  assert.deepEqual((await look('lock: backup\nfeatures: nesting=1\n')).plan.settle, undefined)
  assert.equal((await look('cores: 1\n', '102')).plan.refusal?.code, 'container-missing')
})
