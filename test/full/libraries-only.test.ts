/** A CUDA toolkit that consists only of libraries: no compiler, and so no program for login shells. */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import type { LabContainer } from '../lab/host.ts'
import type { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { keysOf, outcomes } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { doneLab, inventoryOf, site } from '../whole/support/site-runs.ts'

const profile = '/etc/profile.d/gpuplay-cuda.sh'
const wanted = ['-e', '{"cuda_toolkit_version": "12.8", "cuda_toolkit_packages": ["cuda-libraries"]}']

describe('a toolkit of libraries', { skip: whyNoLab() ?? false, timeout: 300_000 }, () => {
  let lab: Lab
  let ct102: LabContainer

  before(async () => {
    lab = await doneLab()
    ct102 = lab.container(102)
    // No compiler, but the file of an earlier run.
    await ct102.exec(
      `apt-get -y -qq purge 'cuda-*' >/dev/null; mkdir -p /etc/profile.d; echo old >${profile}`,
    )
  })

  const play = (...more: readonly string[]): Promise<Ended> =>
    gpuplay(['run', site, '-i', inventoryOf(lab), '-l', 'pve1,ct102', ...wanted, ...more])

  const changed = ({ events }: Ended): readonly string[] => keysOf(outcomes(events), 'changed')

  it('is installed and verified, and no PATH for its programs stays', async () => {
    const run = await play()
    assert.equal(run.exitCode, 0, run.text)
    assert.equal((await ct102.exec(`test -e ${profile}`)).code, 1)
    await ct102.output('test -e /usr/local/cuda-12.8/lib64/libcudart.so.12.8.93')
    assert.equal((await ct102.exec('test -e /usr/local/cuda-12.8/bin')).code, 1)
    assert.deepEqual(changed(run), [
      'ct102 cuda_toolkit : Install the CUDA toolkit',
      'ct102 cuda_toolkit : Remove a toolkit without programs from the PATH of login shells',
    ])
  })

  it('needs no change at the second run, and a login shell works', async () => {
    assert.deepEqual(changed(await play()), [])
    assert.equal((await ct102.exec('bash -lc true')).stderr, '')
  })

  it('gets the PATH as soon as it has the compiler', async () => {
    const run = await play('-e', '{"cuda_toolkit_packages": ["cuda-libraries", "cuda-nvcc"]}')
    assert.equal(run.exitCode, 0, run.text)
    assert.match(await ct102.output("bash -lc 'nvcc --version'"), /release 12\.8/)
  })
})
