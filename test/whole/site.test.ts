/** The promises of `playbooks/site.yml` on new hosts (docs/architecture.md). */
import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import { template } from '../lab/containers.ts'
import { whyNoLab } from '../lab/machine.ts'
import { snapshotDifferences } from '../lab/snapshot.ts'
import { actions, changedCount, finished, keysOf, outcomes, outcomesById, spans } from './support/events.ts'
import { siteRuns, type SiteRuns } from './support/site-runs.ts'

/**
 * Tasks that a dry run on new nodes cannot predict. Package lists were never fetched, so the packages of
 * repositories are unknown. The cards have no driver, UUID or device number, so tasks that configure, look up
 * or verify them depend on the run.
 */
const unknownTasks = [
  ...['pve1', 'pve2'].flatMap((node) => [
    `${node} nvidia_host : Install kernel headers, DKMS and build tools`,
    `${node} nvidia_host : Install nvtop`,
    `${node} nvidia_host : Run NVIDIA's persistence daemon`,
    `${node} nvidia_host : Set persistence mode and power limits`,
    `${node} verify : Check the node's GPUs`,
  ]),
  ...['ct101', 'ct102', 'ct201', 'ct202'].flatMap((container) => [
    `${container} lxc_passthrough : Look up the assigned GPUs`,
    `${container} verify : Check the container's GPUs`,
  ]),
].sort()

describe('site.yml on new hosts', { skip: whyNoLab() ?? false, timeout: 600_000 }, () => {
  let runs: SiteRuns

  before(async () => {
    runs = await siteRuns()
  })

  it('changes no file, device or kernel module of any host in a dry run', () => {
    assert.equal(runs.check.exitCode, 0, runs.check.text)
    assert.deepEqual(snapshotDifferences(runs.before, runs.afterCheck), [])
    assert.deepEqual(actions(runs.check.events), [])
    for (const host of ['pve1', 'pve2', 'pve1 container 101', 'pve2 container 202'])
      assert.ok(
        [...runs.before.keys()].some((name) => name.startsWith(`${host}:`)),
        `no files of ${host}`,
      )
  })

  it('leaves only these tasks unpredicted in the dry run', () => {
    assert.deepEqual(keysOf(outcomes(runs.check.events), 'unknown'), unknownTasks)
  })

  it('makes the predicted changes, and only predicted or unknown ones', () => {
    assert.equal(runs.real.exitCode, 0, runs.real.text)
    const told = outcomesById(runs.check.events)
    const done = outcomesById(runs.real.events)
    const predicted = keysOf(told, 'changed')
    const changed = keysOf(done, 'changed')
    const allowed = new Set([...predicted, ...keysOf(told, 'unknown')])
    assert.ok(predicted.length >= 40, `${predicted.length} changes were predicted`)
    assert.deepEqual(
      predicted.filter((task) => done.get(task) !== 'changed'),
      [],
      'predicted, and not changed',
    )
    assert.deepEqual(
      changed.filter((task) => !allowed.has(task)),
      [],
      'changed, and not predicted',
    )
  })

  it('restarts each node once, never two at a time', () => {
    const reboots = spans(runs.real.events, 'reboot').toSorted((a, b) => a.from - b.from)
    assert.deepEqual(reboots.map(({ on }) => on).sort(), ['pve1', 'pve2'])
    const [first, second] = reboots
    assert.ok(first !== undefined && second !== undefined)
    assert.ok(first.to <= second.from, JSON.stringify(reboots))
  })

  it('starts with the containers of a ready node while the other node is still busy', () => {
    const reboots = spans(runs.real.events, 'reboot').toSorted((a, b) => a.from - b.from)
    const last = reboots[1]
    const restarts = spans(runs.real.events, 'containerPower').filter(({ on }) => on !== last?.on)
    const lastDriver = spans(runs.real.events, 'run').find(
      ({ on, label }) => on === last?.on && label.startsWith('load driver'),
    )
    assert.ok(lastDriver !== undefined)
    assert.ok(
      restarts.some(({ to }) => to < lastDriver.from),
      'no container started while the other node was busy',
    )
  })

  it('changes nothing in a second run, and sends no action', () => {
    assert.equal(runs.second.exitCode, 0, runs.second.text)
    assert.deepEqual(keysOf(outcomes(runs.second.events), 'changed'), [])
    assert.equal(changedCount(runs.second.events), 0)
    assert.deepEqual(actions(runs.second.events), [])
  })

  it('has the counts of each host in its last event, and a row for each in the table', () => {
    const last = runs.real.events.at(-1)
    assert.equal(last?.type, 'run.finished')
    const { hosts, exitCode, rows } = finished(runs.real.events) ?? assert.fail('no last event')
    assert.equal(exitCode, 0)
    assert.deepEqual(Object.keys(hosts), ['pve1', 'pve2', 'ct101', 'ct102', 'ct201', 'ct202'])
    for (const counts of Object.values(hosts)) {
      const { failed, unreachable, unknown } = counts
      assert.deepEqual({ failed, unreachable, unknown }, { failed: 0, unreachable: 0, unknown: 0 })
    }
    assert.equal(rows.length, 6)
    assert.deepEqual(
      rows.map(({ state }) => state),
      rows.map(() => 'ok'),
    )
  })

  describe('leaves containers', () => {
    before(() => runs.lab.restore('done'))

    it('that see exactly their assigned GPUs', async () => {
      for (const node of runs.lab.nodes) {
        for (const [index, { ctid }] of node.spec.containers.entries()) {
          const listed = await runs.lab.container(ctid).output('nvidia-smi -L')
          const uuids = [...listed.matchAll(/UUID: (GPU-[0-9a-f-]+)/g)].map(([, uuid]) => uuid)
          assert.deepEqual(uuids, [node.spec.gpus[index]?.uuid], `container ${ctid}`)
        }
      }
    })

    it('that cannot open the other GPU, not even with a device node that they create', async () => {
      for (const node of runs.lab.nodes) {
        for (const [index, { ctid, unprivileged }] of node.spec.containers.entries()) {
          const own = node.spec.gpus[index]?.minor ?? assert.fail()
          const other = node.spec.gpus.find(({ minor }) => minor !== own)?.minor ?? assert.fail()
          const container = runs.lab.container(ctid)
          assert.equal((await container.exec(`test -e /dev/nvidia${other}`)).code, 1)
          const forge = `mknod /root/forged c 195 ${other} && head -c 1 /root/forged; rm -f /root/forged`
          const { stderr } = await container.exec(forge)
          assert.match(stderr, /Operation not permitted/, `container ${ctid}, minor ${other}`)
          // Access to its own card is permitted: ENXIO means that the node has no driver, not that access is
          // denied.
          const opened = await container.exec(`head -c 1 /dev/nvidia${own}`)
          assert.doesNotMatch(opened.stderr, /not permitted|denied/i, `${unprivileged}`)
        }
      }
    })

    it('without GPUs if they are not in the inventory', async () => {
      const node = runs.lab.node('pve1')
      const create = `pct create 150 ${template} --hostname other --rootfs local:8 --memory 256 --unprivileged 0`
      await node.output(`${create} && pct start 150`)
      const forge = 'mknod /root/forged c 195 0 && head -c 1 /root/forged'
      const { stderr } = await node.exec(`pct exec 150 -- sh -c '${forge}'`)
      assert.match(stderr, /Operation not permitted/)
      assert.equal((await node.exec('pct exec 150 -- sh -c "ls /dev/nvidia*"')).code, 2)
    })
  })
})
