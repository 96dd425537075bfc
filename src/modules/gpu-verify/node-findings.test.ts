/** What gpu_verify says about a node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gpuHost, type GpuHost } from '../../nvidia/testing/gpu-host.ts'
import type { Args } from './args.ts'
import { gpuVerify } from './module.ts'
import {
  computed,
  defaults,
  devices,
  first,
  nodeHost,
  second,
  smi,
  userspace,
  version,
} from './testing/scene.ts'

const bothCompute = computed('0000:01:00.0 done 0', '0000:41:00.0 done 0')

test('a container whose start was prevented is reported with the command that starts it', async () => {
  const why = '/dev/nvidia0 is now card 0000:41:00.0, which is not assigned to it'
  const host = gpuHost({
    ...nodeHost,
    files: { ...nodeHost.files, ...userspace(version).files, '/run/gpuplay/held/101': `${why}\n` },
    links: userspace(version).links ?? {},
    nodes: { ...devices, '/dev/nvidia0': '195:0', '/dev/nvidia-uvm-tools': '508:1' },
    programs: { 'nvidia-smi': smi(first, second), 'cuda-probe': bothCompute },
  })
  const given: Args = { ...defaults, version, containers: [{ name: 'jellyfin', ctid: 101 }] }
  const seen = await gpuVerify.probe(given, host)
  assert.deepEqual(gpuVerify.plan(given, seen).refusal?.findings, [
    {
      message: `container 101 was held back at its start: ${why}`,
      cause:
        'the numbers of the device nodes have changed since it was configured, as they do when cards are added or removed',
      fix: 'gpuplay run containers.yml -i INVENTORY -l jellyfin, which starts it',
    },
  ])
  assert.equal(gpuVerify.row(given, seen)[0]?.cells.at(-1), 'HELD BACK CT 101')
})

test('NVSwitches need the fabric manager', async () => {
  const scene: GpuHost = {
    ...nodeHost,
    files: {
      ...nodeHost.files,
      ...userspace(version).files,
      '/sys/bus/pci/devices/0000:07:00.0/vendor': '0x10de\n',
      '/sys/bus/pci/devices/0000:07:00.0/class': '0x068000\n',
    },
    links: userspace(version).links ?? {},
    nodes: { ...devices, '/dev/nvidia0': '195:0', '/dev/nvidia-uvm-tools': '508:1' },
    programs: { 'nvidia-smi': smi(first, second), 'cuda-probe': bothCompute },
  }
  const findings = async (units: Readonly<Record<string, string>>): Promise<readonly unknown[]> => {
    const given: Args = { ...defaults, version }
    return (
      gpuVerify.plan(given, await gpuVerify.probe(given, gpuHost({ ...scene, units }))).refusal?.findings ??
      []
    )
  }
  assert.deepEqual(await findings({}), [
    {
      message: 'nvidia-fabricmanager does not run, which the NVSwitches of the node need (0000:07:00.0)',
      cause: 'until it runs, CUDA fails on all GPUs with CUDA_ERROR_SYSTEM_NOT_READY (802)',
      fix: `on the node, install nvidia-fabricmanager ${version}, then: systemctl enable --now nvidia-fabricmanager`,
    },
  ])
  assert.deepEqual(await findings({ 'nvidia-fabricmanager.service': 'active' }), [])
})
