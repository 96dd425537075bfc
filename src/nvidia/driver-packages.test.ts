import assert from 'node:assert/strict'
import { test } from 'node:test'
import { packageStates } from '../host/questions/packages.ts'
import { installedDriverPackages, isDriverPackage } from './driver-packages.ts'

test('driver packages are distinguished from packages with similar names', () => {
  for (const name of [
    'nvidia-driver',
    'nvidia-driver-580-open',
    'libnvidia-ml1',
    'libcuda1:amd64',
    'nvidia-kernel-dkms',
    'cuda-drivers-570',
    // NVIDIA's repository, from the tables of its installation guide (branches up to 580, and from 590 on)
    'nvidia-open',
    'nvidia-open-580',
    'nvidia-driver-cuda',
    'nvidia-driver-pinning-590',
    'nvidia-kernel-open-dkms',
    'nvidia-dkms-open',
    'libnvidia-compute',
    'libnvidia-gpucomp',
    'nvidia-opencl-icd',
    // Debian 11's Tesla driver, and Ubuntu's modules for one kernel
    'firmware-nvidia-tesla-470-gsp',
    'libgles-nvidia-tesla-470-2',
    'linux-modules-nvidia-580-6.8.0-60-generic',
  ])
    assert.ok(isDriverPackage(name), name)
  for (const name of [
    'nvidia-container-toolkit',
    'libnvidia-container1',
    'libnvidia-container-tools',
    'cuda-toolkit-12-8',
    'nvtop',
    'proxmox-ve',
    'proxmox-kernel-6.8.12-9-pve-signed',
    'pve-firmware',
    'linux-image-6.8.0-1020-nvidia',
    'linux-modules-6.8.0-1020-nvidia',
    'linux-nvidia-hwe-24.04',
    'firmware-nvidia-graphics',
    'libnvidia-egl-wayland1',
    'nvidia-cuda-toolkit',
    'nvidia-detect',
    'nvidia-fabricmanager-580',
  ])
    assert.ok(!isDriverPackage(name), name)
})

test('packages with only configuration files left are not installed', () => {
  const stdout =
    'installed nvidia-driver 1\nconfig-files nvidia-smi 1\nnot-installed libcuda1 \nhalf-configured libnvidia-ml1 1\ninstalled libnvidia-container1 1\n'
  const rows = packageStates({ patterns: [] }).parse({ code: 0, stdout, stderr: '' })
  assert.deepEqual(installedDriverPackages(rows), ['libnvidia-ml1', 'nvidia-driver'])
})
