/** `nvidia_host_source: apt`: a node whose driver comes from Debian's packages, with a container. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { requests } from '../lab/faults.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { changedCount, keysOf, outcomes } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { rolesRun } from './support/roles-play.ts'

const name = `packaged-${process.pid}`
const debian = '535.261.03'
const other = '535.247.01'
const components = "sed -i 's/ main$/ main contrib non-free non-free-firmware/' /etc/apt/sources.list"

describe("a node with Debian's driver", { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let words: ReturnType<typeof rolesRun>
  let docker: ReturnType<typeof rolesRun>

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
      last: 'verify',
    })
    docker = rolesRun(lab, {
      nodes: 'runfile_cache',
      containers: 'lxc_passthrough, lxc_userspace_driver, container_runtime',
    })
    await lab
      .node('pve1')
      .output(
        `${components}; apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends nvidia-driver nvidia-smi libcuda1 </dev/null`,
      )
  })
  after(() => Lab.down(name))

  function dockerWords(...more: readonly string[]): readonly string[] {
    const driver = ['-e', 'nvidia_host_source=apt', '-e', `nvidia_driver_version=${debian}`]
    return docker(...driver, '-e', 'container_runtime=docker', ...more)
  }

  function play(version: string, ...more: readonly string[]): Promise<Ended> {
    const all = ['-e', 'nvidia_host_source=apt', '-e', `nvidia_driver_version=${version}`, ...more]
    return gpuplay(words(...all))
  }

  it('is refused in check mode if no repository offers the version', async () => {
    const run = await play('570.124.06', '--check')
    assert.equal(run.exitCode, 5, run.text)
    assert.match(run.text, /no configured repository offers \S+ in version 570\.124\.06/)
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

  const source = ['-e', 'lxc_userspace_driver_source=apt'] as const
  const remove = ['-e', 'lxc_userspace_driver_foreign=remove'] as const

  it('has no packages for a container whose repositories do not offer the version, or that keeps its .run', async () => {
    const none = await play(debian, ...source, ...remove)
    assert.equal(none.exitCode, 5, none.text)
    assert.match(none.text, /no configured repository offers libcuda1 in version 535\.261\.03/)
    // Nothing was removed.
    assert.match(await lab.container(101).output('nvidia-smi'), /535\.261\.03/)
    await lab.container(101).output(`${components}; apt-get -qq update`)
    const kept = await play(debian, ...source)
    assert.equal(kept.exitCode, 5, kept.text)
    assert.match(
      kept.text,
      /container 101 has driver 535\.261\.03 from a \.run, which conflicts with packages/,
    )
  })

  it('gives a container packages instead of the .run, pinned to its version', async () => {
    const container = lab.container(101)
    const predicted = keysOf(
      outcomes((await play(debian, ...source, ...remove, '--check')).events),
      'changed',
    )
    const run = await play(debian, ...source, ...remove)
    assert.equal(run.exitCode, 0, run.text)
    const changed = keysOf(outcomes(run.events), 'changed')
    assert.ok(
      changed.includes('ct101 lxc_userspace_driver : Install the user-space driver that matches the node'),
    )
    assert.deepEqual(
      predicted.filter((task) => !changed.includes(task)),
      [],
    )
    assert.match(await container.output('nvidia-smi'), /535\.261\.03/)
    assert.notEqual((await container.exec('test -e /var/lib/nvidia/log')).code, 0)
    const policy = await container.output('apt-cache policy libcuda1 libnvidia-gl1 glx-diversions')
    assert.match(policy, /Installed: 535\.261\.03-1\n {2}Candidate: 535\.261\.03-1\n/)
    assert.match(policy, new RegExp(`${other.replaceAll('.', '\\.')}-1~deb12u1 -1$`, 'm'))
    const modules = await container.exec(
      "dpkg-query -W -f '${db:Status-Status}\\n' nvidia-kernel-dkms | grep -x installed",
    )
    assert.notEqual(modules.code, 0)
    assert.equal(changedCount((await play(debian, ...source, ...remove)).events), 0)
  })

  it('downloads no .run if nobody needs one', async () => {
    const node = lab.node('pve1')
    await node.output('rm -r /var/cache/gpuplay')
    const known = requests(lab.world).length
    const run = await play(debian, ...source)
    assert.equal(run.exitCode, 0, run.text)
    assert.equal(changedCount(run.events), 0, run.text)
    assert.doesNotMatch(JSON.stringify(requests(lab.world).slice(known)), /\.run/)
    assert.notEqual((await node.exec('ls /var/cache/gpuplay')).code, 0)
  })

  it('gives a container a CUDA toolkit that is newer than its driver, with a warning', async () => {
    const toolkit = rolesRun(lab, { nodes: 'runfile_cache', containers: 'lxc_passthrough, cuda_toolkit' })
    const wish = { cuda_toolkit_version: '12.8', cuda_toolkit_packages: ['cuda-nvcc'] }
    const driver = { nvidia_host_source: 'apt', nvidia_driver_version: debian }
    const given = (variables: Readonly<Record<string, unknown>>): readonly string[] =>
      toolkit('-e', JSON.stringify({ ...driver, ...variables }), ...source)
    const strict = await gpuplay(given({ ...wish, cuda_toolkit_compat: 'strict' }))
    assert.equal(strict.exitCode, 2, strict.text)
    assert.match(strict.text, /CUDA 12\.8 needs driver 570\.26 or newer, but pve1 has 535\.261\.03 loaded/)
    const warns =
      /CUDA 12\.8 is built for driver 570\.26 or newer, but pve1 has 535\.261\.03: programs that compile code at run time \(PTX\) may fail/
    for (const [options, changes] of [
      [['--check'], true],
      [[], true],
      [[], false],
    ] as const) {
      const run = await gpuplay([...given(wish), ...options])
      assert.equal(run.exitCode, 0, run.text)
      assert.equal(
        run.events.filter((event) => event.type === 'warning' && warns.test(event.message)).length,
        1,
      )
      assert.equal(changedCount(run.events) > 0, changes, run.text)
    }
    assert.match(await lab.container(101).output('/usr/local/cuda-12.8/bin/nvcc --version'), /release 12\.8/)
  })

  it('runs Docker in a container whose driver comes from packages', async () => {
    const run = await gpuplay(dockerWords(...source))
    assert.equal(run.exitCode, 0, run.text)
    assert.match(await lab.container(101).output('cat /etc/cdi/nvidia.yaml'), /535\.261\.03/)
    const image = 'nvidia/cuda:12.8.1-base-ubuntu24.04'
    const inDocker = `docker pull ${image} >&2; docker run --rm --gpus=all ${image} nvidia-smi -L`
    assert.match(await lab.container(101).output(inDocker), /^GPU 0: .*UUID: GPU-/)
    assert.equal(changedCount((await gpuplay(dockerWords(...source))).events), 0)
  })

  it('gives the container the .run again in one run', async () => {
    const run = await play(debian, ...remove)
    assert.equal(run.exitCode, 0, run.text)
    const container = lab.container(101)
    assert.match(await container.output('nvidia-smi'), /535\.261\.03/)
    assert.match(await container.output('cat /var/lib/nvidia/log'), /535\.261\.03/)
    assert.equal((await container.exec('ls /etc/apt/preferences.d/gpuplay-nvidia-packages.pref')).code, 2)
    assert.equal(changedCount((await play(debian, ...remove)).events), 0)
  })

  it('is only warned of, and no longer pinned, where the driver comes from a .run', async () => {
    const run = await play(debian, '-e', 'nvidia_host_source=run')
    assert.equal(run.exitCode, 0, run.text)
    assert.match(run.text, /driver 535\.261\.03 is loaded, but driver packages are installed as well/)
    assert.notEqual((await lab.node('pve1').exec('grep -q 1001 /etc/apt/preferences.d/*')).code, 0)
  })
})
