/** A node with Secure Boot whose driver comes from packages: no driver without an enrolled key, signed modules with one. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { kernels } from '../lab/topology.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { boot, problemsOf, rolesRun } from './support/roles-play.ts'

const name = `signed-pkg-${process.pid}`
const version = '535.261.03'
const signer = 'DKMS module signing key'
const prepare = ['-e', 'nvidia_host_secure_boot=prepare', '-e', 'nvidia_host_secure_boot_password=sesame73']
const [running, newer] = kernels

describe('packages with Secure Boot', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let words: ReturnType<typeof rolesRun>

  before(async () => {
    lab = await Lab.up({
      name,
      nodes: 1,
      containers: 0,
      adjust: (given) => ({
        ...given,
        kernels: [...kernels],
        secureBoot: true,
        gpus: given.gpus.map((gpu) => ({ ...gpu, deviceId: '2504' })),
      }),
    })
    words = rolesRun(lab, { nodes: 'runfile_cache, nvidia_host', last: 'verify' })
    await node(
      "sed -i 's/ main$/ main contrib non-free non-free-firmware/' /etc/apt/sources.list; apt-get -qq update; echo blacklist nouveau >/etc/modprobe.d/lab.conf; update-initramfs -u -k all >/dev/null",
    )
    await boot(lab, running)
  })
  after(() => Lab.down(name))

  function play(...more: readonly string[]): Promise<Ended> {
    return gpuplay(words('-e', 'nvidia_host_source=apt', '-e', `nvidia_driver_version=${version}`, ...more))
  }

  function node(command: string): Promise<string> {
    return lab.node('pve1').output(command)
  }

  async function signedBy(kernel: string): Promise<string> {
    return (await node(`modinfo -k ${kernel} -F signer nvidia-current || true`)).trim()
  }

  async function hasPackage(): Promise<boolean> {
    return (await lab.node('pve1').exec('dpkg -s nvidia-kernel-dkms')).code === 0
  }

  it('are not installed without an enrolled key', async () => {
    const run = await play()
    assert.equal(run.exitCode, 4, problemsOf(run))
    assert.match(run.text, /no enrolled key can sign the driver/)
    assert.equal(await hasPackage(), false)
  })

  it('wait for the console after the request', async () => {
    const run = await play(...prepare)
    assert.equal(run.exitCode, 7, problemsOf(run))
    assert.match(run.text, /KEY PENDING: the driver is not changed until/)
    assert.equal(await hasPackage(), false)
  })

  it('are installed, signed for every kernel and loaded after the confirmation', async () => {
    await node('touch /etc/lab/mok-console')
    await boot(lab, running)
    const run = await play(...prepare)
    assert.equal(run.exitCode, 0, problemsOf(run))
    for (const kernel of kernels) assert.equal(await signedBy(kernel), signer)
    assert.equal(await node('cat /sys/module/nvidia/version'), `${version}\n`)
  })

  it('get signatures for kernels whose modules were built without one', async () => {
    const module = `nvidia-current/${version}`
    const program = `/lib/modules/${newer}/build/scripts/sign-file`
    await node(
      `mv ${program} /tmp/sign-file; dkms unbuild ${module} -k ${newer}; dkms install ${module} -k ${newer}; mv /tmp/sign-file ${program}`,
    )
    assert.equal(await signedBy(newer), '')
    const run = await play()
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.equal(await signedBy(newer), signer)
  })
})
