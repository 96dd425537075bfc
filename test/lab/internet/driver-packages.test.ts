/** Compares the extracts of driver packages with the answers of apt. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isDriverPackage } from '../../../src/nvidia/driver-packages.ts'
import { isForKernel, upstreamVersion, userspacePackages } from '../../../src/nvidia/packaged-driver.ts'
import { whyNoLab } from '../machine.ts'
import { archives, readExtract, SimulatedApt, type Archive, type Stanza } from './driver-packages.ts'

const skip = whyNoLab() ?? false

async function withApt<T>(archive: Archive, use: (apt: SimulatedApt) => Promise<T>): Promise<T> {
  const apt = await SimulatedApt.of(archive)
  try {
    return await use(apt)
  } finally {
    apt.remove()
  }
}

const drivers: Readonly<Record<Archive, string>> = {
  'debian-12': 'nvidia-driver',
  'debian-13': 'nvidia-driver',
  'ubuntu-22.04': 'nvidia-driver-580',
  'ubuntu-24.04': 'nvidia-driver-580-open',
  'nvidia-debian': 'nvidia-driver',
}

/** What hosts install, with the package that brings all of it. */
const closures: Readonly<Record<Archive, readonly string[]>> = {
  'debian-12': [
    'nvidia-driver',
    'nvidia-driver-full',
    'nvidia-open-kernel-dkms',
    'nvidia-smi libcuda1',
    'nvidia-smi libcuda1 libnvidia-encode1',
  ],
  'debian-13': ['nvidia-driver', 'nvidia-driver-full', 'nvidia-open-kernel-dkms', 'nvidia-smi libcuda1'],
  'ubuntu-22.04': ['nvidia-driver-580', 'nvidia-headless-580-open', 'nvidia-utils-580 libnvidia-compute-580'],
  'ubuntu-24.04': ['nvidia-driver-580-open', 'nvidia-headless-580', 'nvidia-utils-580 libnvidia-compute-580'],
  'nvidia-debian': ['nvidia-driver', 'nvidia-smi libcuda1'],
}

/** Work with any driver. */
const staying = ['libnvidia-egl-gbm1', 'libnvidia-egl-wayland1', 'nvidia-detect']

/** Packages of a node or container with a GPU that no purge of a driver may touch. */
const neighbours: readonly Stanza[] = [
  { Package: 'proxmox-ve', Version: '8.4.0', Depends: 'proxmox-default-kernel' },
  { Package: 'proxmox-default-kernel', Version: '1.1.0', Depends: 'proxmox-kernel-6.8' },
  { Package: 'proxmox-kernel-6.8', Version: '6.8.12-9' },
  { Package: 'libnvidia-container1', Version: '1.17.8-1' },
  {
    Package: 'libnvidia-container-tools',
    Version: '1.17.8-1',
    Depends: 'libnvidia-container1 (>= 1.17.8-1)',
  },
  {
    Package: 'nvidia-container-toolkit-base',
    Version: '1.17.8-1',
  },
  {
    Package: 'nvidia-container-toolkit',
    Version: '1.17.8-1',
    Depends: 'nvidia-container-toolkit-base (= 1.17.8-1), libnvidia-container-tools (>= 1.17.8-1)',
  },
].map((one) => ({ ...one, Architecture: 'amd64' }))

describe('driver packages from real metadata', { skip }, () => {
  for (const archive of archives) {
    it(`apt installs the driver of ${archive} with its libraries`, async () => {
      const installed = await withApt(archive, (apt) => apt.installed([drivers[archive]]))
      assert.ok(installed.length >= 12, installed.join(' '))
      assert.ok(installed.every((name) => readExtract(archive).some((one) => one.Package === name)))
    })
  }

  for (const archive of ['debian-12', 'debian-13'] as const) {
    it(`in ${archive}, a purge of all packages with NVIDIA's names takes those of the GLX alternatives with it`, async () => {
      const taken = await withApt(archive, async (apt) => {
        const installed = await apt.installed(['nvidia-smi', 'libcuda1', 'libnvidia-encode1'])
        const named = installed.filter((name) => /^(firmware-)?nvidia-|^libnv|^libcuda/.test(name))
        return (await apt.purged(installed, named)).filter((name) => !named.includes(name))
      })
      assert.deepEqual(taken, ['glx-alternative-nvidia', 'glx-diversions'])
    })
  }

  it('in Debian 12, apt cannot purge a part on which an alternative of another part depends', async () => {
    await withApt('debian-12', async (apt) => {
      const installed = await apt.installed(['nvidia-smi', 'libcuda1'])
      await assert.rejects(apt.purged(installed, ['nvidia-installer-cleanup']), /pkgProblemResolver/)
    })
  })

  it('recommendations make up half of the closure in Debian 12', async () => {
    await withApt('debian-12', async (apt) => {
      const least = await apt.installed(['nvidia-driver'], { recommends: false })
      const usual = await apt.installed(['nvidia-driver'])
      assert.ok(least.length >= 25 && usual.length >= 42, `${least.length} ${usual.length}`)
    })
  })

  for (const archive of archives)
    it(`a purge of the driver packages of ${archive} removes exactly these`, async () => {
      await withApt(archive, async (apt) => {
        for (const closure of closures[archive])
          for (const recommends of [true, false]) {
            const installed = await apt.installed(closure.split(' '), { recommends })
            const listed = installed.filter(isDriverPackage)
            const what = `${closure} with${recommends ? '' : 'out'} recommendations`
            assert.deepEqual(await apt.purged(installed, listed, neighbours), listed, what)
            const left = installed.filter((name) => !listed.includes(name) && !staying.includes(name))
            assert.deepEqual(left, [], what)
          }
      })
    })

  it('a package that the list lacks is found', async () => {
    await withApt('debian-12', async (apt) => {
      const installed = await apt.installed(['nvidia-driver'])
      const listed = installed.filter((name) => isDriverPackage(name) && name !== 'nvidia-settings')
      const taken = await apt.purged(installed, listed, neighbours)
      assert.deepEqual(
        taken.filter((name) => !listed.includes(name)),
        ['nvidia-settings'],
      )
    })
  })
})

describe('the user-space driver of a container from packages', { skip }, () => {
  for (const archive of archives)
    it(`is offered by ${archive} under one of its names, and brings no kernel modules`, async () => {
      const offered = readExtract(archive)
      const version = upstreamVersion(offered.find(({ Package }) => isCompute(Package))?.Version ?? '')
      const names = userspacePackages(version, { graphics: true }).map((group) =>
        group.find((name) => offered.some(({ Package }) => Package === name)),
      )
      assert.ok(!names.includes(undefined), names.join(' '))
      await withApt(archive, async (apt) => {
        const wanted = names.flatMap((name) => name ?? [])
        const installed = await apt.installed(wanted, { recommends: false })
        assert.deepEqual(
          installed.filter((name) => isForKernel(name)),
          [],
        )
      })
    })

  function isCompute(name: string): boolean {
    return /^(?:libcuda1|libnvidia-compute-\d+)$/.test(name)
  }
})
