import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { packageStates } from '../host/questions/packages.ts'
import { driverPackagePatterns, installedDriverPackages, isDriverPackage } from './driver-packages.ts'

test('driver packages are distinguished from packages with similar names', () => {
  for (const name of [
    'nvidia-driver',
    'nvidia-driver-580-open',
    'libnvidia-ml1',
    'libcuda1:amd64',
    'nvidia-kernel-dkms',
    'cuda-drivers-570',
  ])
    assert.ok(isDriverPackage(name), name)
  for (const name of [
    'nvidia-container-toolkit',
    'libnvidia-container1',
    'libnvidia-container-tools',
    'cuda-toolkit-12-8',
    'nvtop',
    'proxmox-ve',
    'nvidia-cuda-toolkit',
  ])
    assert.ok(!isDriverPackage(name), name)
})

test('packages with only configuration files left are not installed', () => {
  const stdout =
    'installed nvidia-driver 1\nconfig-files nvidia-smi 1\nnot-installed libcuda1 \nhalf-configured libnvidia-ml1 1\ninstalled libnvidia-container1 1\n'
  const rows = packageStates({ patterns: [] }).parse({ code: 0, stdout, stderr: '' })
  assert.deepEqual(installedDriverPackages(rows), ['libnvidia-ml1', 'nvidia-driver'])
})

test('the role nvidia_host forbids the packages that it would remove', () => {
  const file = join(import.meta.dirname, '../../roles/nvidia_host/vars/main.yml')
  const variables: unknown = parse(readFileSync(file, 'utf8'))
  assert.deepEqual(variables, { nvidia_host_driver_packages: [...driverPackagePatterns] })
})
