/** `doctor.yml` names causes and fixes, for all hosts and all checks, and changes nothing. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { lockContainer } from '../lab/faults.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { snapshotDifferences } from '../lab/snapshot.ts'
import { kernels } from '../lab/topology.ts'
import { eventsOf } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'
import { bootWithoutNouveau, problemsOf, rolesRun } from './support/roles-play.ts'

const name = `doctor-${process.pid}`
const version = '580.95.05'

describe('the doctor', { skip: whyNoLab() ?? false, timeout: 400_000 }, () => {
  let lab: Lab

  before(async () => {
    lab = await Lab.up({ name, nodes: 1, containers: 2, adjust: (node) => ({ ...node, kernels }) })
    await bootWithoutNouveau(lab, kernels[0])
    const words = rolesRun(lab, {
      nodes: 'runfile_cache, nvidia_host',
      containers: 'lxc_passthrough, lxc_userspace_driver',
    })
    const run = await gpuplay(words())
    assert.equal(run.exitCode, 0, problemsOf(run))
  })
  after(() => Lab.down(name))

  /** Runs it; expects that no file of any host has changed. */
  async function doctor(): Promise<Ended> {
    const words = ['run', 'playbooks/doctor.yml', '-i', inventoryOf(lab)]
    await gpuplay(words)
    const files = await lab.snapshotFiles()
    const run = await gpuplay(words)
    const changes = snapshotDifferences(files, await lab.snapshotFiles())
    assert.deepEqual(
      changes.filter((line) => !/:\/var\/lib\/gpuplay\/v1\/lease/.test(line)),
      [],
    )
    return run
  }

  it('finds nothing if nothing is wrong', async () => {
    const run = await gpuplay(['run', 'playbooks/doctor.yml', '-i', inventoryOf(lab), '-l', 'pve1:ct102'])
    assert.equal(run.exitCode, 0, problemsOf(run))
  })

  it('names every cause with its fix, whatever else is wrong', async () => {
    const node = lab.node('pve1')
    const next = kernels[1]
    await node.output(
      `dkms uninstall nvidia/${version} -k ${next}; dkms unbuild nvidia/${version} -k ${next}`,
    )
    await node.output('echo "blacklist nvidia" >/etc/modprobe.d/guide.conf')
    await node.output('rm /dev/nvidia-uvm-tools')
    await lab.container(101).output('nvidia-uninstall --silent')
    await lockContainer(lab.container(102), 'backup')
    const run = await doctor()
    assert.equal(run.exitCode, 7, problemsOf(run))
    const found = problemsOf(run)
    for (const expected of [
      new RegExp(`kernel ${next}, which the next boot chooses, has no module of driver ${version}`),
      /guide\.conf/,
      /\/dev\/nvidia-uvm-tools/,
      /no user-space driver is installed/,
      /container 102 is locked \(lock: backup\)/,
    ])
      assert.match(found, expected)
    const findings = eventsOf(run.events, 'run.finished').flatMap(({ rows }) =>
      rows.flatMap((row) => row.findings ?? []),
    )
    assert.ok(findings.length > 2, found)
    for (const { fix, message } of findings) assert.notEqual(fix, undefined, message)
  })
})
