/** What gpu_verify says about displays and rendering in a container. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { devices, look } from './testing/scene.ts'

const onNode = {
  '/sys/bus/pci/devices/0000:01:00.0/drm/card2/dev': '226:2\n',
  '/sys/bus/pci/devices/0000:01:00.0/drm/renderD130/dev': '226:130\n',
  '/sys/module/nvidia_drm/parameters/modeset': 'Y\n',
}
const inside = {
  nodes: {
    ...devices,
    '/dev/nvidia-modeset': '195:254',
    '/dev/dri/card2': '226:2',
    '/dev/dri/renderD130': '226:130',
  },
  programs: { 'head -c 0 /dev/dri/renderD130': {} },
}
const args = { graphics: true }

test('a container with graphics needs the nodes of its GPU in /dev/dri', async () => {
  assert.deepEqual((await look({ args, onNode, inside })).findings, [])
  assert.deepEqual((await look({ args, onNode })).findings, [
    '/dev/nvidia-modeset (195:254) is missing',
    '/dev/dri/card2 (226:2) is missing',
    '/dev/dri/renderD130 (226:130) is missing',
  ])
  assert.deepEqual((await look({ onNode })).findings, [])
})

test('a node without nvidia_drm is the cause, and the cure is named', async () => {
  const { plan } = await look({ args })
  assert.deepEqual(plan.refusal?.findings, [
    {
      message: 'the GPU at 0000:01:00.0 has no device nodes in /dev/dri, which graphics needs',
      cause: 'the driver of pve1 has not loaded nvidia_drm',
      fix: 'set nvidia_host_graphics: true for pve1, then gpuplay run site.yml -i INVENTORY',
    },
  ])
})

test('a render node that the mode of the node closes is reported', async () => {
  const stderr = "head: cannot open '/dev/dri/renderD130' for reading: Permission denied"
  const programs = { 'head -c 0 /dev/dri/renderD130': { code: 1, stderr } }
  assert.deepEqual((await look({ args, onNode, inside: { ...inside, programs } })).findings, [
    '/dev/dri/renderD130 cannot be opened',
  ])
})

test('nvidia_drm without modeset causes a warning', async () => {
  const without = { ...onNode, '/sys/module/nvidia_drm/parameters/modeset': 'N\n' }
  const { findings, plan } = await look({ args, onNode: without, inside })
  assert.deepEqual(findings, [])
  assert.match(plan.warnings.join(), /nvidia_drm of pve1 is loaded without modeset=1/)
  assert.deepEqual((await look({ args, onNode, inside })).plan.warnings, [])
})
