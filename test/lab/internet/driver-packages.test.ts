/** The extracts of driver packages, against apt: what D1 of the project's list of defects was measured with. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { whyNoLab } from '../machine.ts'
import { archives, readExtract, SimulatedApt, type Archive } from './driver-packages.ts'

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
})
