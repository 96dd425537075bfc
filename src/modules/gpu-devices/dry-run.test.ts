/** Dry runs that install the driver: what they know of the GPUs before. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unknown, UnknownError } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import type { Plan } from '../../host/plan.ts'
import { fakeNode } from '../../nvidia/testing/fake-node.ts'
import { gpuHost } from '../../nvidia/testing/gpu-host.ts'
import type { Args } from './args.ts'
import { gpuDevices } from './module.ts'

const base = gpuHost({
  ...fakeNode([{ pci: '0000:01:00.0' }, { pci: '0000:41:00.0' }], {
    files: { '/etc/pve/qemu-server/900.conf': 'hostpci0: 41:00\n' },
  }),
  containers: { 101: { status: 'stopped', config: 'unprivileged: 1\n', pid: undefined } },
})

async function unknown(why: string): Promise<never> {
  throw new UnknownError(new Unknown(why))
}

async function planOf(node: Host, assignment: string): Promise<Plan> {
  const host: Host = { ...node, node, placement: { ctid: '101', nodeName: undefined, cluster: undefined } }
  const given: Args = {
    assignment,
    style: 'auto',
    uvm_tools: true,
    graphics: false,
    exclusive: true,
    others: [{ name: 'b', ctid: 102, assignment: '0', exclusive: false }],
    moved: 'refuse',
    ostypes: [],
    wait: 60,
  }
  return gpuDevices.plan(given, await gpuDevices.probe(given, host))
}

test('without Proxmox VE, the task reports that it depends on the driver', async () => {
  const node: Host = {
    ...base,
    package: () => unknown('packages are installed first'),
    list: () => unknown('the driver is loaded first'),
  }
  await assert.rejects(planOf(node, '0'), /^UnknownError: the driver is loaded first$/)
})

test('a GPU that the node does not have is refused all the same', async () => {
  const node: Host = {
    ...base,
    package: () => unknown('packages are installed first'),
    list: (path) =>
      path.startsWith('/proc/driver/nvidia') ? unknown('the driver is loaded first') : base.list(path),
  }
  assert.equal((await planOf(node, '7')).refusal?.code, 'no-such-gpu')
  assert.equal((await planOf(node, '41:00.0')).refusal?.code, 'gpu-owned-by-vm')
  assert.equal((await planOf(node, '01:00.0')).refusal?.code, 'gpu-assigned-twice')
  await assert.rejects(planOf(node, 'GPU-8f3c0001'), /^UnknownError: the driver is loaded first$/)
})
