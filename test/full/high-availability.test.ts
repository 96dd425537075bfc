/** A node with one container that HA manages, and one that it does not, reboots for another driver. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { slowReboots } from '../lab/faults.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { problemsOf, rolesRun } from './support/roles-play.ts'

const name = `ha-${process.pid}`
const driver = '580.95.05'
const other = '590.48.01'
const resources = 'ct: 101\n\tstate started\n\n'

describe('a node whose container HA manages', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let lab: Lab
  let words: ReturnType<typeof rolesRun>

  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: 2 })
    words = rolesRun(lab, {
      nodes: 'runfile_cache, nvidia_host',
      containers: 'lxc_passthrough, lxc_userspace_driver',
    })
    const run = await gpuplay(words())
    assert.equal(run.exitCode, 0, problemsOf(run))
    await node(`echo 5 >/etc/lab/ha; mkdir -p /etc/pve/ha; printf '${resources}' >/etc/pve/ha/resources.cfg
      systemctl -q enable --now pve-ha-lrm; sleep 6`)
  })
  after(() => Lab.down(name))

  function node(command: string): Promise<string> {
    return lab.node('pve1').output(command)
  }

  function play(version: string, variables: Readonly<Record<string, unknown>> = {}): Promise<Ended> {
    const given = { nvidia_driver_version: version, nvidia_host_ha: 'freeze', ...variables }
    return gpuplay(words('-e', JSON.stringify(given)))
  }

  /** What HA has done since the last call. */
  function done(): Promise<string> {
    return node('cat /var/lib/lab/ha.log; rm /var/lib/lab/ha.log')
  }

  /** Expects that both containers run with this driver, and that HA is as it was. */
  async function works(version: string): Promise<void> {
    assert.equal(
      await node('cat /etc/pve/ha/resources.cfg; ls /etc/pve/datacenter.cfg 2>/dev/null || true'),
      resources,
    )
    assert.match(await node('ha-manager status'), /^service ct:101 \(pve1, started\)$/m)
    for (const ctid of [101, 102]) {
      assert.equal(await node(`pct status ${ctid}`), 'status: running\n')
      assert.ok((await lab.container(ctid).output('nvidia-smi')).includes(version))
    }
  }

  it('is frozen by HA for the reboot, and the same run gives its container the new driver', async () => {
    const run = await play(other)
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.match(problemsOf(run), /stays loaded until the node reboots: HA manages container 101/)
    assert.equal(await done(), 'freeze\nunfreeze\nstart 101\n')
    await works(other)
  })

  it('is not frozen any longer once it is back, also if the run has given up before', async () => {
    slowReboots(lab.node('pve1'), 60)
    const run = await play(driver, { nvidia_host_reboot_timeout: 30 })
    assert.equal(run.exitCode, 6, problemsOf(run))
    assert.match(run.text, /pve1 did not come back within 30 s of its reboot/)
    for (let tries = 0; tries < 120; tries += 1) {
      const { code } = await lab
        .node('pve1')
        .exec('grep -q start /var/lib/lab/ha.log && pct status 101 | grep running')
      if (code === 0) break
      await sleep(1000)
    }
    assert.equal(await done(), 'freeze\nunfreeze\nstart 101\n')
    const again = await play(driver)
    assert.equal(again.exitCode, 0, problemsOf(again))
    await works(driver)
    assert.equal(await node('cat /var/lib/lab/ha.log 2>/dev/null || true'), '')
  })
})
