/** `nvidia_host_source: apt`: a node whose driver comes from Debian's packages, with a container. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { changedCount, keysOf, outcomes } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { rolesRun } from './support/roles-play.ts'

const name = `packaged-${process.pid}`
const debian = '535.261.03'
const components = "sed -i 's/ main$/ main contrib non-free non-free-firmware/' /etc/apt/sources.list"

describe("a node with Debian's driver", { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let words: ReturnType<typeof rolesRun>

  before(async () => {
    lab = await Lab.up({
      name,
      nodes: 1,
      containers: 1,
      // Debian's branch 535 does not support the usual cards of the lab.
      adjust: (node) => ({ ...node, gpus: node.gpus.map((gpu) => ({ ...gpu, deviceId: '2504' })) }),
    })
    words = rolesRun(lab, {
      nodes: 'runfile_cache, nvidia_host',
      containers: 'lxc_passthrough, lxc_userspace_driver',
    })
    await lab
      .node('pve1')
      .output(
        `${components}; apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends nvidia-driver nvidia-smi libcuda1 </dev/null`,
      )
  })
  after(() => Lab.down(name))

  function play(version: string, ...more: readonly string[]): Promise<Ended> {
    const all = ['-e', 'nvidia_host_source=apt', '-e', `nvidia_driver_version=${version}`, ...more]
    return gpuplay(words(...all))
  }

  it('is refused in check mode if no repository offers the version', async () => {
    const run = await play('535.247.01', '--check')
    assert.equal(run.exitCode, 5, run.text)
    assert.match(run.text, /no configured repository offers \S+ in version 535\.247\.01/)
    assert.match(run.text, /set nvidia_driver_version to one of the offered versions \(535\.261\.03/)
  })

  it('is taken over as it is, and its container gets the .run of the same version', async () => {
    const node = lab.node('pve1')
    const packages = "dpkg-query -W -f '${Package} ${Version}\\n' '*nvidia*' 'libcuda*' 'glx-*'"
    const before = await node.output(packages)
    const predicted = keysOf(outcomes((await play(debian, '--check')).events), 'changed')
    const run = await play(debian)
    assert.equal(run.exitCode, 0, run.text)
    assert.equal(await node.output(packages), before)
    assert.equal(await node.output('cat /sys/module/nvidia/version'), `${debian}\n`)
    assert.match(await lab.container(101).output('nvidia-smi'), /535\.261\.03/)
    const changed = keysOf(outcomes(run.events), 'changed')
    assert.ok(
      changed.includes('pve1 nvidia_host : Check that the driver packages are offered and pin their version'),
    )
    assert.deepEqual(
      predicted.filter((task) => !changed.includes(task)),
      [],
    )
    assert.equal(changedCount((await play(debian)).events), 0)
  })

  it('keeps its version in an upgrade, and loads its driver at boot', async () => {
    const node = lab.node('pve1')
    assert.match(
      await node.output('apt-cache policy libcuda1'),
      /Candidate: 535\.261\.03-1\n[^]*535\.261\.03-1 1001/,
    )
    await lab.reboot('pve1')
    await node.output(
      'timeout 60 sh -c "until systemctl -q is-active gpuplay-nvidia.service; do sleep 0.2; done"; test -c /dev/nvidia0',
    )
  })

  it('is only warned of, and no longer pinned, where the driver comes from a .run', async () => {
    const run = await play(debian, '-e', 'nvidia_host_source=run')
    assert.equal(run.exitCode, 0, run.text)
    assert.match(run.text, /driver 535\.261\.03 is loaded, but driver packages are installed as well/)
    assert.notEqual((await lab.node('pve1').exec('grep -q 1001 /etc/apt/preferences.d/*')).code, 0)
  })
})
