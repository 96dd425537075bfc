/**
 * A node and a container with Debian's driver, in its real closure of packages, and a node with what earlier drivers
 * left behind.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { isDriverPackage } from '../../src/nvidia/driver-packages.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { changedCount, outcomes } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { rolesRun } from './support/roles-play.ts'

const name = `foreign-${process.pid}`
const remove = [
  '-e',
  'nvidia_host_foreign_driver=remove',
  '-e',
  'lxc_userspace_driver_foreign=remove',
] as const
const withDriver = `sed -i 's/ main$/ main contrib non-free non-free-firmware/' /etc/apt/sources.list
  apt-get -qq update; export DEBIAN_FRONTEND=noninteractive`
/** A tree with sources, as of a package that was removed by force, and one whose sources are gone. */
const stale = `mkdir -p /usr/src/nvidia-current-525.147.05 /var/lib/dkms/nvidia/550.54.14
  echo 'BUILT_MODULE_NAME[0]="nvidia-current"' >/usr/src/nvidia-current-525.147.05/dkms.conf
  dkms add -m nvidia-current -v 525.147.05
  printf 'options kvm ignore_msrs=1\\nblacklist nvidia\\noptions vfio-pci ids=10de:2d04,8086:10fb\\n' >/etc/modprobe.d/passthrough.conf`

describe("a driver of Debian's packages", { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let words: ReturnType<typeof rolesRun>

  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: 1 })
    words = rolesRun(lab, {
      nodes: 'runfile_cache, nvidia_host',
      containers: 'lxc_passthrough, lxc_userspace_driver',
    })
    await lab.node('pve1').output(`${withDriver}; apt-get -qq -y install nvidia-driver </dev/null; ${stale}`)
    await lab
      .container(101)
      .output(`${withDriver}; apt-get -qq -y install nvidia-smi libcuda1 libnvidia-encode1 </dev/null`)
  })
  after(() => Lab.down(name))

  function play(...more: readonly string[]): Promise<Ended> {
    return gpuplay(words(...more))
  }

  async function driverPackages(host: { output(command: string): Promise<string> }): Promise<string[]> {
    const rows = await host.output("dpkg-query -W -f '${Package}\\n'")
    return rows.trim().split('\n').filter(isDriverPackage)
  }

  it('is refused with all its packages', async () => {
    const installed = await driverPackages(lab.node('pve1'))
    assert.ok(installed.length >= 35, installed.join(' '))
    const run = await play()
    assert.equal(run.exitCode, 5, run.text)
    assert.match(
      run.text,
      /installed from packages: [^"]*glx-diversions[^"]*libegl-nvidia0[^"]*nvidia-egl-common/,
    )
    assert.deepEqual(await driverPackages(lab.node('pve1')), installed)
  })

  it('is predicted to go in check mode', async () => {
    const run = await play('--check', ...remove)
    assert.equal(run.exitCode, 0, run.text)
    const said = outcomes(run.events)
    assert.equal(
      said.get('pve1 nvidia_host : Refuse or remove a driver that was installed from packages'),
      'changed',
    )
    assert.equal(said.get('pve1 nvidia_host : Find or remove what earlier drivers left'), 'unknown')
  })

  it('goes from the node and the container where that is allowed, and nothing else does', async () => {
    const node = lab.node('pve1')
    const kept = "dpkg-query -W -f '${Package}\\n' 'proxmox-*' 'pve-*' 'linux-*' dkms | sort"
    const before = await node.output(kept)
    const run = await play(...remove)
    assert.equal(run.exitCode, 0, run.text)
    assert.deepEqual(await driverPackages(node), [])
    assert.deepEqual(await driverPackages(lab.container(101)), [])
    for (const one of before.trim().split('\n'))
      assert.ok((await node.output(kept)).split('\n').includes(one), one)
    assert.equal(await node.output('cat /sys/module/nvidia/version'), '580.95.05\n')
    assert.match(await lab.container(101).output('nvidia-smi'), /580\.95\.05/)
  })

  it('leaves no tree of DKMS and no line of modprobe.d behind, but copies', async () => {
    const node = lab.node('pve1')
    const status = await node.output('dkms status')
    assert.match(status, /nvidia\/580\.95\.05/)
    assert.doesNotMatch(status, /nvidia-current|550/)
    assert.equal(
      await node.output('cat /etc/modprobe.d/passthrough.conf'),
      `options kvm ignore_msrs=1
# Disabled by gpuplay: blacklist nvidia
# Disabled by gpuplay: options vfio-pci ids=10de:2d04,8086:10fb
options vfio-pci ids=8086:10fb
`,
    )
    const copies = await node.output('ls /var/lib/gpuplay/v1/backups')
    assert.match(copies, /^dkms-nvidia-550\.54\.14$/m)
    assert.match(copies, /passthrough\.conf/)
  })

  it('needs no second run', async () => {
    const run = await play(...remove)
    assert.equal(run.exitCode, 0, run.text)
    assert.equal(changedCount(run.events), 0, run.text)
  })

  it('warns of leftovers with file and line where nothing may be removed, and predicts their removal', async () => {
    await lab.node('pve1').output(stale)
    const told = await play()
    assert.equal(told.exitCode, 0, told.text)
    assert.match(told.text, /\/var\/lib\/dkms\/nvidia-current\/525\.147\.05: DKMS builds/)
    assert.match(told.text, /\/etc\/modprobe\.d\/passthrough\.conf:2: \\"blacklist nvidia\\" prevents/)
    assert.equal(changedCount(told.events), 0, told.text)
    const predicted = outcomes((await play('--check', ...remove)).events)
    const run = await play(...remove)
    assert.equal(run.exitCode, 0, run.text)
    const changed = (all: ReadonlyMap<string, string>): readonly string[] =>
      [...all].flatMap(([task, outcome]) => (outcome === 'changed' ? [task] : []))
    assert.deepEqual(changed(outcomes(run.events)), changed(predicted))
    assert.equal(changedCount((await play(...remove)).events), 0)
  })
})
