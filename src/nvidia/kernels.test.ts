import assert from 'node:assert/strict'
import { test } from 'node:test'
import { headerPackages } from './headers.ts'
import { knownBadPair } from './kernel-pairs.ts'
import { nextKernel, readFailedBuild, readKernels, wantedKernels } from './kernels.ts'
import { gpuHost } from './testing/gpu-host.ts'

const files = {
  '/boot/vmlinuz-6.8.12-10-pve': '',
  '/boot/vmlinuz-6.8.12-9-pve': '',
  '/boot/vmlinuz-6.14.8-2-bpo12-pve': '',
  '/boot/vmlinuz-6.1.0-30-amd64': '',
  '/boot/vmlinuz-$(reboot)': '',
  '/boot/initrd.img-6.8.12-10-pve': '',
}

test('the next boot chooses the kernel pinned for it, else the pinned one, else the newest', async () => {
  const kernels = await readKernels(gpuHost({ files }))
  assert.equal(nextKernel(kernels), '6.14.8-2-bpo12-pve')
  assert.deepEqual(kernels.installed, [
    '6.1.0-30-amd64',
    '6.8.12-9-pve',
    '6.8.12-10-pve',
    '6.14.8-2-bpo12-pve',
  ])
  const pinned = { ...files, '/etc/kernel/proxmox-boot-pin': '6.8.12-9-pve\n' }
  assert.equal(nextKernel(await readKernels(gpuHost({ files: pinned }))), '6.8.12-9-pve')
  const once = { ...pinned, '/etc/kernel/next-boot-pin': '6.8.12-10-pve\n' }
  assert.equal(nextKernel(await readKernels(gpuHost({ files: once }))), '6.8.12-10-pve')
  const removed = { ...files, '/etc/kernel/proxmox-boot-pin': '6.5.11-8-pve\n' }
  assert.equal(nextKernel(await readKernels(gpuHost({ files: removed }))), '6.14.8-2-bpo12-pve')
})

test('all kernels that a boot may choose are wanted, or only the running one', async () => {
  const kernels = await readKernels(gpuHost({ files, release: '6.8.12-10-pve' }))
  assert.deepEqual(wantedKernels(kernels, 'all'), ['6.8.12-10-pve', '6.14.8-2-bpo12-pve'])
  assert.deepEqual(wantedKernels(kernels, 'running'), ['6.8.12-10-pve'])
  const pinned = { ...kernels, pinned: ['6.8.12-9-pve'] }
  assert.deepEqual(wantedKernels(pinned, 'all'), ['6.8.12-10-pve', '6.14.8-2-bpo12-pve', '6.8.12-9-pve'])
  const rebooted = { ...kernels, running: undefined }
  assert.deepEqual(wantedKernels(rebooted, 'running'), ['6.14.8-2-bpo12-pve'])
})

test('header packages have the names of the distribution and the age', () => {
  assert.deepEqual(headerPackages(['5.15.158-2-pve'], '11'), [
    'pve-headers-5.15.158-2-pve',
    'pve-headers-5.15',
    'pve-headers',
  ])
  assert.deepEqual(headerPackages(['6.1.0-30-amd64'], '12'), [
    'linux-headers-6.1.0-30-amd64',
    'linux-headers-amd64',
  ])
})

test('known bad pairs of driver and kernel are found by branch and series', () => {
  for (const [version, kernel] of [
    ['470.256.02', '7.0.1-1-pve'],
    ['535.230.02', '6.14.0-2-pve'],
    ['550.163.01', '6.17.2-1-pve'],
    ['555.58.02', '6.17-1-pve'],
    ['580.95.05', '7.1.3-1-pve'],
  ] as const)
    assert.ok(knownBadPair(version, kernel), `${version} with ${kernel}`)
  for (const [version, kernel] of [
    ['470.256.02', '6.17.2-1-pve'],
    ['535.247.01', '6.14.0-2-pve'],
    ['550.163.01', '6.14.8-2-bpo12-pve'],
    ['560.35.03', '6.17.2-1-pve'],
    ['580.173', '7.1.3-1-pve'],
    ['580.95.05', '7.0.9-1-pve'],
    ['590.48.01', '7.1.3-1-pve'],
  ] as const)
    assert.equal(knownBadPair(version, kernel), undefined, `${version} with ${kernel}`)
})

test('a failed build counts only for the version that was built', async () => {
  const kernel = '6.14.8-2-bpo12-pve'
  const host = gpuHost({
    files: { [`/run/gpuplay/nvidia-build-failed/${kernel}`]: '580.95.05 DKMS could not build it\n' },
  })
  assert.equal(await readFailedBuild(host, { kernel, version: '580.95.05' }), 'DKMS could not build it')
  assert.equal(await readFailedBuild(host, { kernel, version: '580.95' }), undefined)
})
