import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { GpuHost } from '../../nvidia/testing/gpu-host.ts'
import { devices, first, look, second, smi, userspace, version } from './testing/scene.ts'

const spec = (driver: string): Readonly<Record<string, string>> => ({
  '/etc/cdi/nvidia.yaml': `- path: /dev/nvidia1\n- hostPath: /usr/lib/libcuda.so.${driver}\n`,
})

const good: GpuHost = {
  files: { ...userspace(version).files, ...spec(version) },
  nodes: devices,
  packages: { 'nvidia-container-toolkit-base': '1.18.1-1' },
  units: { 'docker.service': 'active' },
  programs: {
    'nvidia-ctk cdi list': { stdout: 'nvidia.com/gpu=0\nnvidia.com/gpu=all\n' },
    'docker run --rm': smi(first),
  },
}

const found = async (change: Partial<GpuHost>, image = ''): Promise<readonly string[]> =>
  (await look({ inside: { ...good, ...change }, args: { runtime: 'docker', runtime_image: image } })).findings

test('Docker that can use the GPU has no findings, with and without an image', async () => {
  assert.deepEqual(await found({}), [])
  assert.deepEqual(await found({}, 'cuda:12.8'), [])
})

test('a missing or failed Docker and a missing toolkit are reported', async () => {
  const { 'docker run --rm': _, ...others } = good.programs ?? {}
  assert.deepEqual(await found({ programs: others }), ['Docker is required, but not installed'])
  assert.deepEqual(await found({ units: { 'docker.service': 'failed' } }), ['docker.service is failed'])
  assert.deepEqual(await found({ packages: {} }), [
    'the NVIDIA Container Toolkit is required, but not installed',
  ])
})

test('a CDI specification of another driver is reported, which a run of the role generates again', async () => {
  assert.deepEqual(await found({ files: { ...good.files, ...spec('570.86.16') } }), [
    `the CDI specification is not up to date: it names driver 570.86.16, and ${version} is installed`,
  ])
  assert.deepEqual(await found({ programs: { ...good.programs, 'nvidia-ctk cdi list': {} } }), [
    'nvidia-ctk lists no device nvidia.com/gpu=all',
  ])
})

test('what nvidia-smi prints in a Docker container is compared with the assigned GPUs', async () => {
  const said = (answer: object): Promise<readonly string[]> =>
    found({ programs: { ...good.programs, 'docker run --rm': answer } }, 'cuda:12.8')
  const where = 'in a Docker container of cuda:12.8'
  assert.deepEqual(await said(smi(second)), [
    `${first} (0000:01:00.0) is assigned, but not visible ${where}`,
    `${second} (0000:41:00.0) is visible ${where}, but not assigned`,
  ])
  assert.deepEqual(
    await said({ code: 125, stderr: 'docker: Error response from daemon: No such image: cuda:12.8\n' }),
    ['Docker does not have the image cuda:12.8'],
  )
  const refused =
    'docker: Error response from daemon: could not select device driver "" with capabilities: [[gpu]]'
  assert.deepEqual(
    await said({ code: 125, stderr: `\n${refused}\n\nRun 'docker run --help' for more information\n` }),
    [`nvidia-smi does not start ${where}: ${refused}`],
  )
  assert.deepEqual(await said({ code: 9, stdout: 'NVIDIA-SMI has failed\n' }), [
    `nvidia-smi exits with status 9 ${where}: the NVIDIA driver is not loaded`,
  ])
})
