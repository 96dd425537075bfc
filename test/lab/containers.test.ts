import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { parse } from 'yaml'
import { fillDisk, emptyDisk, holdDpkgLock, lockContainer } from './faults.ts'
import { Lab } from './lab.ts'
import { whyNoLab } from './machine.ts'
import { snapshotDifferences } from './snapshot.ts'

const skip = whyNoLab() ?? false
const name = `testct-${process.pid}`

describe('the containers of a lab', { skip, timeout: 300_000 }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: 2 })
  })
  after(async () => {
    await Lab.down(name)
  })

  it('run systemd, one privileged and one with shifted IDs', async () => {
    for (const container of lab.containers) {
      assert.equal(await container.output('cat /proc/1/comm'), 'systemd\n')
      const first = container.spec.unprivileged ? '100000' : '0'
      assert.equal((await container.output('cat /proc/self/uid_map')).trim().split(/\s+/)[1], first)
    }
  })

  it('install packages from the simulated mirror; kmod is not installed at first', async () => {
    for (const container of lab.containers) {
      assert.equal((await container.exec('command -v modprobe')).stdout, '')
      await container.output('apt-get -qq update && apt-get -y -qq install kmod')
      assert.match(await container.output('command -v modprobe'), /sbin\/modprobe/)
    }
  })

  it('are saved and restored with their node, and run as before', async () => {
    const container = lab.container(102)
    await container.output('echo before >/etc/state')
    await lab.node('pve1').output('pct shutdown 101')
    await lab.save('one-runs')
    const before = await lab.snapshotFiles()
    await container.output('echo after >/etc/state; echo new >/etc/added')
    const changes = snapshotDifferences(before, await lab.snapshotFiles())
    assert.equal(changes.length, 2)
    assert.match(changes[0] ?? '', /^\+ pve1 container 102:\/etc\/added /)
    assert.match(changes[1] ?? '', /^~ pve1 container 102:\/etc\/state /)
    await lab.restore('one-runs')
    assert.equal(await container.output('cat /etc/state; ls /etc/added 2>/dev/null; true'), 'before\n')
    assert.match(await lab.node('pve1').output('pct status 101'), /stopped/)
  })

  it('show the usual faults: the lock of a backup, a busy dpkg, a full disk', async () => {
    const container = lab.container(102)
    await lockContainer(container, 'backup')
    assert.match((await container.node.exec('pct stop 102')).stderr, /CT is locked \(backup\)/)
    await lockContainer(container, undefined)
    assert.doesNotMatch(await container.node.output('cat /etc/pve/lxc/102.conf'), /lock/)

    const release = await holdDpkgLock(container)
    assert.match((await container.exec('apt-get -y install curl')).stderr, /Could not get lock/)
    await release()

    await fillDisk(container.node, 'guests', 65536)
    assert.match((await container.exec('head -c 1000000 /dev/zero >/root/x')).stderr, /No space left/)
    await emptyDisk(container.node)
  })

  it('are in the inventory, each under its node', () => {
    const text = readFileSync(join(lab.instance.stateDir, 'inventory.yaml'), 'utf8')
    const { hosts } = parse(text).all.children.containers
    assert.deepEqual(Object.keys(hosts), ['ct101', 'ct102'])
    assert.deepEqual(hosts.ct102, { node: 'pve1', ctid: 102, gpu_assignment: '1' })
  })
})
