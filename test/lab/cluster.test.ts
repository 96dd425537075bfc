/** Nodes of one cluster: one /etc/pve, and quorum that depends on which nodes are up. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Lab } from './lab.ts'
import { whyNoLab } from './machine.ts'
import { until } from './process.ts'

const skip = whyNoLab() ?? false
const name = `test-cluster-${process.pid}`

describe('a cluster of nodes', { skip, timeout: 300_000 }, () => {
  let lab: Lab
  before(async () => {
    const cluster = { name: 'prod', members: ['pve1', 'pve2', 'pve3'], shared: true }
    lab = await Lab.up({
      name,
      nodes: 3,
      containers: 1,
      running: false,
      adjust: (node) => ({ ...node, cluster }),
    })
  })
  after(() => Lab.down(name))
  const on = (node: string, command: string): Promise<string> => lab.node(node).output(command)
  const statusOn = async (node: string, command: string): Promise<number> =>
    (await lab.node(node).exec(command)).code

  it("shows every node's containers on each node, under one number each", async () => {
    assert.match(await on('pve1', 'cat /etc/pve/nodes/pve2/lxc/201.conf'), /^hostname: ct201$/m)
    assert.equal(
      await on('pve3', 'ls /etc/pve/lxc /etc/pve/nodes'),
      '/etc/pve/lxc:\n301.conf\n\n/etc/pve/nodes:\npve1\npve2\npve3\n',
    )
    assert.notEqual(await statusOn('pve1', 'pct start 201'), 0)
    const taken = await lab.node('pve1').exec('pct create 201 local:vztmpl/x.tar.zst')
    assert.match(taken.stderr, /CT 201 already exists on node 'pve2'/)
    assert.match(
      await on('pve1', 'pvesh get /cluster/resources --output-format json'),
      /"id":"lxc\/301"[^}]*"node":"pve3"/,
    )
  })

  it('passes changes, renames and removals on to the other nodes', async () => {
    await on('pve1', 'pct set 101 --cores 3')
    assert.match(await on('pve2', 'cat /etc/pve/nodes/pve1/lxc/101.conf'), /^cores: 3$/m)
    // as a migration of a stopped container does
    await on('pve2', 'mv /etc/pve/nodes/pve2/lxc/201.conf /etc/pve/nodes/pve3/lxc/')
    assert.match(await on('pve3', 'pct list'), /^201 /m)
    assert.doesNotMatch(await on('pve2', 'pct list'), /^201 /m)
    await on('pve3', 'rm /etc/pve/lxc/201.conf')
    assert.notEqual(await statusOn('pve1', 'test -e /etc/pve/nodes/pve3/lxc/201.conf'), 0)
  })

  it('has cluster-wide locks: only one node can create a directory of priv/lock', async () => {
    await on('pve1', 'mkdir /etc/pve/priv/lock/file-replication_cfg')
    assert.notEqual(await statusOn('pve2', 'mkdir /etc/pve/priv/lock/file-replication_cfg'), 0)
    await on('pve1', 'rmdir /etc/pve/priv/lock/file-replication_cfg')
    await on('pve2', 'mkdir /etc/pve/priv/lock/file-replication_cfg')
  })

  it('names all members in corosync.conf, and loses quorum with two of three nodes', async () => {
    assert.match(
      await on('pve2', 'cat /etc/pve/corosync.conf'),
      /name: pve3\n {4}nodeid: 3[^]*cluster_name: prod/,
    )
    assert.match(await on('pve1', 'pvecm status'), /^Quorate: +Yes$[^]*^Total votes: +3$/m)
    await lab.node('pve2').powerOff()
    const votes = async (): Promise<number> =>
      Number(/^Total votes: +(\d)$/m.exec(await on('pve1', 'pvecm status'))?.[1])
    await until('two votes', async () => ((await votes()) === 2 ? true : undefined), { within: 10_000 })
    await on('pve1', 'pct set 101 --cores 4')
    await lab.node('pve3').powerOff()
    await until('one vote', async () => ((await votes()) === 1 ? true : undefined), { within: 10_000 })
    assert.match(await on('pve1', 'pvecm status'), /^Quorate: +No$/m)
    assert.notEqual(await statusOn('pve1', 'touch /etc/pve/new'), 0)
    await lab.node('pve2').powerOn()
    await until('quorum', async () => ((await votes()) === 2 ? true : undefined), { within: 20_000 })
    await on('pve1', 'touch /etc/pve/new')
    assert.match(await on('pve2', 'cat /etc/pve/nodes/pve1/lxc/101.conf'), /^cores: 4$/m)
  })

  it('saves and restores the shared files', async () => {
    await lab.node('pve3').powerOn()
    await lab.save('before')
    await on('pve2', 'touch /etc/pve/later')
    await lab.restore('before')
    assert.notEqual(await statusOn('pve1', 'test -e /etc/pve/later'), 0)
    assert.match(await on('pve2', 'cat /etc/pve/nodes/pve1/lxc/101.conf'), /^cores: 4$/m)
  })
})
