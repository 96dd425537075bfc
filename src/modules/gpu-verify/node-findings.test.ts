/** What gpu_verify says about a node. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lookAtNode, nodeWith, version } from './testing/scene.ts'

test('a container whose start was prevented is reported with the command that starts it', async () => {
  const why = '/dev/nvidia0 is now card 0000:41:00.0, which is not assigned to it'
  const { findings, state } = await lookAtNode(nodeWith({ files: { '/run/gpuplay/held/101': `${why}\n` } }), {
    containers: [{ name: 'jellyfin', ctid: 101 }],
  })
  assert.deepEqual(findings, [
    {
      message: `container 101 was held back at its start: ${why}`,
      cause:
        'the numbers of the device nodes have changed since it was configured, as they do when cards are added or removed',
      fix: 'gpuplay run containers.yml -i INVENTORY -l jellyfin, which starts it',
    },
  ])
  assert.equal(state, 'HELD BACK CT 101')
})

test('NVSwitches need the fabric manager', async () => {
  const files = {
    '/sys/bus/pci/devices/0000:07:00.0/vendor': '0x10de\n',
    '/sys/bus/pci/devices/0000:07:00.0/class': '0x068000\n',
  }
  const findings = async (units: Readonly<Record<string, string>>): Promise<readonly unknown[]> =>
    (await lookAtNode(nodeWith({ files, units }))).findings
  assert.deepEqual(await findings({}), [
    {
      message: 'nvidia-fabricmanager does not run, which the NVSwitches of the node need (0000:07:00.0)',
      cause: 'until it runs, CUDA fails on all GPUs with CUDA_ERROR_SYSTEM_NOT_READY (802)',
      fix: `on the node, install nvidia-fabricmanager ${version}, then: systemctl enable --now nvidia-fabricmanager`,
    },
  ])
  assert.deepEqual(await findings({ 'nvidia-fabricmanager.service': 'active' }), [])
})
