/** `uninstall.yml` leaves a node and its containers as they were before `site.yml`, but for what its header lists. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import type { FileSnapshot } from '../lab/snapshot.ts'
import { changedCount, keysOf, outcomes } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { stateDifferences } from '../whole/support/same-state.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'
import { boot, problemsOf, rolesRun } from './support/roles-play.ts'

const name = `uninstall-${process.pid}`
const old = '580.95.05'

/** What stays, as the header of the playbook lists it; packages are installed before the comparison. */
const stays: readonly RegExp[] = [
  /^pve1:\/var\/cache\/gpuplay\//,
  /:\/var\/lib\/gpuplay\//,
  /:\/var\/log\//,
  // Indexes of apt and dpkg, and the mount points of initramfs-tools: nothing that a package or gpuplay owns.
  /:\/var\/lib\/(apt|dpkg|initramfs-tools)\//,
  // Written by each `update-initramfs` and `depmod`, with the same content but for times.
  /^pve1:\/boot\/initrd\.img-/,
  /^pve1:\/usr\/lib\/modules\/[^/]+\/modules\./,
]

describe('a node that gpuplay has left', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let words: ReturnType<typeof rolesRun>
  let fresh: FileSnapshot

  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: 3 })
    words = rolesRun(lab, {
      nodes: 'runfile_cache, nvidia_host',
      containers: 'lxc_passthrough, lxc_userspace_driver',
    })
    const install = 'DEBIAN_FRONTEND=noninteractive apt-get -qq -y install --no-install-recommends'
    await lab.node('pve1').output(
      `apt-get -qq update; ${install} dkms gcc make libc6-dev nvtop proxmox-default-headers proxmox-headers-$(uname -r) $(
        apt-cache search --names-only '^proxmox-headers-[0-9.]+$' | cut -d ' ' -f 1) </dev/null`,
    )
    for (const ctid of [101, 102, 103])
      await lab.container(ctid).output(`apt-get -qq update; ${install} kmod </dev/null; mkdir -p /etc/cdi`)
    await boot(lab)
    fresh = await lab.snapshotFiles()
    const run = await gpuplay(words())
    assert.equal(run.exitCode, 0, problemsOf(run))
  })
  after(() => Lab.down(name))

  function uninstall(...more: readonly string[]): Promise<Ended> {
    return gpuplay(['run', 'playbooks/uninstall.yml', '-i', inventoryOf(lab), ...more])
  }

  it('is refused as long as a container outside the run has a GPU', async () => {
    const run = await uninstall('-l', 'pve1:ct101')
    assert.equal(run.exitCode, 4, problemsOf(run))
    assert.match(problemsOf(run), /container 102 \(ct102\) has a GPU/)
    assert.equal(await lab.node('pve1').output('cat /sys/module/nvidia/version'), `${old}\n`)
    assert.ok((await lab.container(102).output('nvidia-smi')).includes(old))
    assert.equal((await gpuplay(words())).exitCode, 0)
  })

  it('is as before the first run after the next boot, but for the list, and its dry run says so', async () => {
    // As `-e container_runtime=docker` has left it.
    await lab.container(101).output('echo cdiVersion: 0.5.0 >/etc/cdi/nvidia.yaml')
    const installed = await lab.snapshotFiles()
    const dry = await uninstall('--check')
    assert.equal(dry.exitCode, 0, problemsOf(dry))
    assert.deepEqual(stateDifferences(installed, await lab.snapshotFiles()), [])
    const run = await uninstall()
    assert.equal(run.exitCode, 0, problemsOf(run))
    const changed = keysOf(outcomes(run.events), 'changed')
    const maybe = keysOf(outcomes(dry.events), 'unknown')
    const predicted = keysOf(outcomes(dry.events), 'changed')
    assert.deepEqual(
      predicted.filter((key) => !changed.includes(key)),
      [],
    )
    assert.deepEqual(
      changed.filter((key) => !predicted.includes(key) && !maybe.includes(key)),
      [],
    )
    for (const ctid of [101, 102, 103])
      assert.equal(await lab.node('pve1').output(`pct status ${ctid}`), 'status: running\n')
    assert.equal(changedCount((await uninstall()).events), 0)
    await boot(lab)
    const found = stateDifferences(fresh, await lab.snapshotFiles())
    assert.deepEqual(
      found.filter((line) => !stays.some((pattern) => pattern.test(line))),
      [],
    )
  })

  it('loses its cache where that is asked for', async () => {
    const run = await uninstall('-e', 'uninstall_cache=true')
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.equal((await lab.node('pve1').exec('test -e /var/cache/gpuplay')).code, 1)
  })

  it('keeps a driver that somebody else has installed', async () => {
    const own = join(lab.instance.stateDir, 'own.yml')
    writeFileSync(own, '- hosts: nodes\n  roles: [runfile_cache]\n')
    const cached = await gpuplay(['run', own, '-i', inventoryOf(lab)])
    assert.equal(cached.exitCode, 0, problemsOf(cached))
    const node = lab.node('pve1')
    await node.output(
      `rmmod nouveau; sh /var/cache/gpuplay/NVIDIA-Linux-x86_64-${old}.run --silent --dkms --no-x-check && modprobe nvidia`,
    )
    const run = await uninstall()
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.match(problemsOf(run), new RegExp(`driver ${old} stays: gpuplay has not installed it`))
    assert.equal(await node.output('cat /sys/module/nvidia/version'), `${old}\n`)
    assert.match(await node.output('cat /var/lib/nvidia/log'), new RegExp(old))
  })
})
