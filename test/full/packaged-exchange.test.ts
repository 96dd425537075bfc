/**
 * A node with Debian's driver and three kernels, one container with the `.run` and one with packages: modules for
 * every kernel, failed changes of the version, an upgrade, and the way to the `.run`.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { kernels, optInKernels } from '../lab/topology.ts'
import { changedCount, keysOf, outcomes } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { boot, problemsOf, rolesRun } from './support/roles-play.ts'

const name = `exchange-${process.pid}`
const older = '535.247.01'
const newer = '535.261.03'
const revision = { [older]: `${older}-1~deb12u1`, [newer]: `${newer}-1` } as const
const [running, next] = kernels
const [pinned] = optInKernels
const all = [running, next, pinned]
const sources =
  "sed -i 's/ main$/ main contrib non-free non-free-firmware/' /etc/apt/sources.list; apt-get -qq update"
const pin = '/etc/apt/preferences.d/gpuplay-nvidia-packages.pref'
/** `make` that fails, always or while DKMS has the sources of the newer driver. */
const failing = (when: string): string => `printf '#!/bin/sh\\n${when} || exit 2\\n' >/usr/bin/make`
const working = "printf '#!/bin/sh\\n' >/usr/bin/make"

describe('a node whose driver from packages changes', { skip: whyNoLab() ?? false, timeout: 900_000 }, () => {
  let lab: Lab
  let words: ReturnType<typeof rolesRun>
  let second: string

  before(async () => {
    lab = await Lab.up({
      name,
      nodes: 1,
      containers: 2,
      adjust: (given) => ({
        ...given,
        kernels: all,
        pinnedKernel: pinned,
        gpus: given.gpus.map((gpu) => ({ ...gpu, deviceId: '2504' })),
      }),
    })
    words = rolesRun(lab, {
      nodes: 'runfile_cache, nvidia_host',
      containers: 'lxc_passthrough, lxc_userspace_driver',
      last: 'verify',
    })
    second = join(lab.instance.stateDir, 'second.yaml')
    writeFileSync(second, 'all: { hosts: { ct102: { lxc_userspace_driver_source: apt } } }\n')
    await lab.container(102).output(sources)
    await node(`${sources}; echo blacklist nouveau >/etc/modprobe.d/lab.conf; update-initramfs -u -k all >/dev/null
      printf 'Package: *nvidia* libcuda1 libnvcuvid1 libnvoptix1\\nPin: version ${older}*\\nPin-Priority: 1001\\n' >/etc/apt/preferences.d/lab
      DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends nvidia-driver nvidia-smi libcuda1 </dev/null
      rm /etc/apt/preferences.d/lab`)
    await boot(lab, running)
  })
  after(() => Lab.down(name))

  function play(version: string, ...more: readonly string[]): Promise<Ended> {
    const driver = ['-e', 'nvidia_host_source=apt', '-e', `nvidia_driver_version=${version}`]
    return gpuplay(words('-i', second, ...driver, ...more))
  }

  function node(command: string): Promise<string> {
    return lab.node('pve1').output(command)
  }

  async function hasModules(version: string, tree = 'nvidia-current'): Promise<void> {
    const status = await node('dkms status')
    for (const kernel of all)
      assert.ok(status.includes(`${tree}/${version}, ${kernel}, x86_64: installed`), status)
  }

  /** Expects that the node and both containers have this driver, and that the containers run. */
  async function works(version: string): Promise<void> {
    assert.equal(await node('cat /sys/module/nvidia/version'), `${version}\n`)
    for (const ctid of [101, 102]) {
      assert.match(await node(`pct status ${ctid}`), /running/)
      assert.match(await lab.container(ctid).output('nvidia-smi'), new RegExp(version.replaceAll('.', '\\.')))
    }
  }

  /** Expects that these packages of the driver are installed in this version, as far as dpkg has them. */
  async function hasPackages(version: keyof typeof revision): Promise<void> {
    const rows = await node(
      "dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\\n' nvidia-kernel-dkms nvidia-driver libcuda1 nvidia-smi | grep -v not-installed",
    )
    for (const row of rows.trim().split('\n'))
      assert.match(row, new RegExp(` ${revision[version].replaceAll('.', '\\.')} installed$`), rows)
  }

  it('gets the module for every kernel, and each container the same version from its source', async () => {
    const predicted = keysOf(outcomes((await play(older, '--check')).events), 'changed')
    const run = await play(older)
    assert.equal(run.exitCode, 0, problemsOf(run))
    await hasModules(older)
    await works(older)
    await hasPackages(older)
    assert.match(await lab.container(101).output('cat /var/lib/nvidia/log'), /535\.247\.01/)
    assert.equal(
      await lab
        .container(102)
        .output("dpkg-query -W -f '${Version}' libcuda1; test ! -e /var/lib/nvidia/log"),
      revision[older],
    )
    const changed = keysOf(outcomes(run.events), 'changed')
    assert.deepEqual(
      predicted.filter((task) => !changed.includes(task)),
      [],
    )
    const again = await play(older)
    assert.equal(changedCount(again.events), 0, again.text)
  })

  it('keeps its containers running when it boots a kernel for which DKMS had built nothing', async () => {
    await boot(lab, next)
    await works(older)
  })

  it('builds the driver at boot for a kernel without the module, after verify has named that kernel', async () => {
    const module = `nvidia-current/${older}`
    await node(`dkms uninstall ${module} -k ${pinned}; dkms unbuild ${module} -k ${pinned}`)
    const found = await gpuplay([
      'run',
      'playbooks/verify.yml',
      ...words().slice(2),
      '-l',
      'pve1',
      '-e',
      `nvidia_driver_version=${older}`,
    ])
    assert.equal(found.exitCode, 7, problemsOf(found))
    assert.match(found.text, new RegExp(`NO MODULE for kernel ${pinned}`))
    await boot(lab)
    assert.equal(await node('uname -r'), `${pinned}\n`)
    await works(older)
    await boot(lab, running)
  })

  it('goes back to its packages if those of another version cannot be installed', async () => {
    await node(failing(`[ ! -L /var/lib/dkms/nvidia-current/${newer}/source ]`))
    const run = await play(newer)
    await node(working)
    assert.equal(run.exitCode, 5, problemsOf(run))
    assert.match(problemsOf(run), new RegExp(`driver ${older} is back`))
    await hasPackages(older)
    await works(older)
    assert.match(await node(`cat ${pin}`), new RegExp(`^Pin: version ${older}-`, 'm'))
    const again = await play(older)
    assert.equal(again.exitCode, 0, problemsOf(again))
    await hasModules(older)
  })

  it('says what is left and how to correct it if it cannot go back either, and the next run does', async () => {
    await node(failing('false'))
    const run = await play(newer)
    await node(working)
    assert.equal(run.exitCode, 5, problemsOf(run))
    assert.match(
      run.text,
      new RegExp(`cannot go back to driver ${older}: [^]*nvidia-kernel-dkms \\S+ \\(half-configured\\)`),
    )
    assert.match(
      run.text,
      new RegExp(`driver ${older} stays loaded, and containers can use it until the node reboots`),
    )
    await works(older)
    const again = await play(older)
    assert.equal(again.exitCode, 0, problemsOf(again))
    await hasPackages(older)
    await hasModules(older)
    await works(older)
  })

  it('changes its version without a reboot, and its containers follow in the same run', async () => {
    const bootId = await node('cat /proc/sys/kernel/random/boot_id')
    const check = await play(newer, '--check')
    assert.equal(check.exitCode, 0, problemsOf(check))
    const predicted = keysOf(outcomes(check.events), 'changed')
    const run = await play(newer)
    assert.equal(run.exitCode, 0, problemsOf(run))
    await works(newer)
    await hasPackages(newer)
    await hasModules(newer)
    assert.equal(await node('cat /proc/sys/kernel/random/boot_id'), bootId)
    const changed = keysOf(outcomes(run.events), 'changed')
    assert.deepEqual(
      predicted.filter((task) => !changed.includes(task)),
      [],
    )
    const again = await play(newer)
    assert.equal(changedCount(again.events), 0, again.text)
  })

  it('waits for a reboot while a program uses the loaded driver, and the container with the .run follows', async () => {
    await node('ln -sf /bin/sleep /tmp/gpu-load; setsid /tmp/gpu-load 600 >/dev/null 2>&1 </dev/null &')
    const alone = ['-l', 'pve1', '-e', 'nvidia_host_unmanaged_guests=allow', '-e', 'nvidia_host_reboot=never']
    const pending = await play(older, ...alone)
    assert.equal(pending.exitCode, 7, problemsOf(pending))
    assert.match(problemsOf(pending), /535\.247\.01 is installed, but the node has not rebooted since/)
    assert.match(
      problemsOf(pending),
      /REBOOT PENDING: driver 535\.261\.03 is loaded, 535\.247\.01 is installed/,
    )
    assert.equal(await node('cat /sys/module/nvidia/version'), `${newer}\n`)
    const run = await play(older, '-e', 'nvidia_host_reboot=auto')
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.equal(await node('uname -r'), `${pinned}\n`)
    await works(older)
    await boot(lab, running)
    const again = await play(newer)
    assert.equal(again.exitCode, 0, problemsOf(again))
    await works(newer)
    await hasModules(newer)
  })

  const remove = ['-e', 'nvidia_host_foreign_driver=remove', '-e', 'lxc_userspace_driver_foreign=remove']

  it('keeps its packages if the installer of the .run cannot run beside a loaded driver', async () => {
    const run = await play(newer, '-e', 'nvidia_host_source=run', ...remove)
    assert.equal(run.exitCode, 6, problemsOf(run))
    assert.match(problemsOf(run), /the installer of 535\.261\.03 refuses to run while 535\.261\.03 is loaded/)
    await hasPackages(newer)
    await works(newer)
  })

  it('gets the .run instead of its packages in one run, and so does the container with packages', async () => {
    const driver = '580.95.05'
    const source = ['-e', 'nvidia_host_source=run', '-e', 'lxc_userspace_driver_source=run', ...remove]
    const run = await play(driver, ...source)
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.equal(
      await node(
        "dpkg-query -W -f '${db:Status-Status}\\n' 'nvidia-*' 'libnvidia-*' | grep -x installed || true",
      ),
      '',
    )
    assert.equal(await node(`ls ${pin} 2>/dev/null || true`), '')
    await hasModules(driver, 'nvidia')
    await works(driver)
    assert.equal(changedCount((await play(driver, ...source)).events), 0)
  })

  it('gets packages instead of the .run in one run, and goes back to the .run if they cannot be installed', async () => {
    await node(failing(`[ ! -L /var/lib/dkms/nvidia-current/${newer}/source ]`))
    const failed = await play(newer, ...remove)
    await node(working)
    assert.equal(failed.exitCode, 5, problemsOf(failed))
    assert.match(problemsOf(failed), /driver 580\.95\.05 is back/)
    await works('580.95.05')
    const unfinished = await node("dpkg-query -W -f '${Package} ${db:Status-Status}\\n'")
    assert.doesNotMatch(unfinished, /half|unpacked/)
    const run = await play(newer, ...remove)
    assert.equal(run.exitCode, 0, problemsOf(run))
    await hasPackages(newer)
    await hasModules(newer)
    await works(newer)
    assert.equal(changedCount((await play(newer, ...remove)).events), 0)
  })
})
