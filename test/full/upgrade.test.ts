/**
 * `upgrade.yml` and `rollback.yml` on two nodes with three containers each: one thing after another goes wrong, and the
 * fleet has one version or the other, node by node, with everything running.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { lockContainer } from '../lab/faults.ts'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import { kernels } from '../lab/topology.ts'
import { changedCount, eventsOf, finished, keysOf, outcomes } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { inventoryOf, site } from '../whole/support/site-runs.ts'
import { bootWithoutNouveau, problemsOf } from './support/roles-play.ts'

const name = `upgrade-${process.pid}`
const old = '580.95.05'
const wanted = '590.48.01'
const ctids = { pve1: [101, 102, 103], pve2: [201, 202, 203] } as const
type NodeName = keyof typeof ctids
const nodes = ['pve1', 'pve2'] as const

describe('an upgrade of two nodes', { skip: whyNoLab() ?? false, timeout: 900_000 }, () => {
  let lab: Lab
  let upgraded: string

  before(async () => {
    lab = await Lab.up({ name, nodes: 2, containers: 3, adjust: (node) => ({ ...node, kernels }) })
    upgraded = join(lab.instance.stateDir, 'upgraded.yaml')
    const hosts = Object.fromEntries(nodes.map((node) => [node, { nvidia_driver_version: wanted }]))
    writeFileSync(upgraded, JSON.stringify({ all: { hosts } }))
    await Promise.all(nodes.map((node) => bootWithoutNouveau(lab, kernels[0], node)))
    const run = await gpuplay(['run', site, '-i', inventoryOf(lab)])
    assert.equal(run.exitCode, 0, problemsOf(run))
  })
  after(() => Lab.down(name))

  function play(playbook: string, ...more: readonly string[]): Promise<Ended> {
    return gpuplay(['run', playbook, '-i', inventoryOf(lab), '-i', upgraded, ...more])
  }

  /** Expects these drivers on the nodes and in all their containers, which run, and nothing of another version. */
  async function fleetHas(pve1: string, pve2: string): Promise<void> {
    const versions = { pve1, pve2 }
    for (const node of nodes) {
      const host = lab.node(node)
      const version = versions[node]
      assert.equal(await host.output('cat /sys/module/nvidia/version'), `${version}\n`)
      assert.ok((await host.output('nvidia-smi')).includes(version))
      const builds = await host.output('dkms status')
      for (const kernel of kernels)
        assert.ok(builds.includes(`nvidia/${version}, ${kernel}, x86_64: installed`), `${node}: ${builds}`)
      assert.equal(await host.output('ls /var/lib/gpuplay/v1/guests-to-start 2>/dev/null || true'), '')
      for (const ctid of ctids[node]) {
        assert.equal(await host.output(`pct status ${ctid}`), 'status: running\n')
        assert.ok((await lab.container(ctid).output('nvidia-smi')).includes(version), `CT ${ctid}`)
      }
    }
  }

  /** The states of all rows of `gpuplay status` that are off, as `NAME STATE`. */
  async function off(code: 0 | 8, ...inventories: readonly string[]): Promise<readonly string[]> {
    const words = inventories.flatMap((inventory) => ['-i', inventory])
    const { exitCode, text } = await gpuplay(['status', ...words, '--output', 'json'])
    assert.equal(exitCode, code, text)
    const { hosts }: { readonly hosts: readonly { readonly host: string; readonly state: string }[] } =
      JSON.parse(text)
    assert.equal(hosts.length, 8, text)
    return hosts.flatMap(({ host, state }) => (state === 'ok' ? [] : [`${host} ${state}`]))
  }

  const both = ['pve1 drift', 'pve2 drift'] as const
  const stoppedAt = ({ events }: Ended): string | undefined =>
    eventsOf(events, 'warning').find(({ message }) => message.startsWith('stopping the run'))?.message

  it('leaves everything as it is while a container is locked, and names it', async () => {
    const first = await lab.node('pve1').output('lxc-info -n 101 -pH')
    await lockContainer(lab.container(102), 'backup')
    const run = await play('upgrade.yml', '-e', 'nvidia_host_lock_timeout=2')
    assert.equal(run.exitCode, 4, problemsOf(run))
    assert.match(problemsOf(run), /container 102 is locked \(lock: backup\)/)
    assert.equal(
      stoppedAt(run),
      'stopping the run: 1 of 4 hosts of batch 1 of 2 failed, more than the 0% of max_fail_percentage; not started: pve2, ct201, ct202, ct203',
    )
    await lockContainer(lab.container(102), undefined)
    await fleetHas(old, old)
    assert.equal(await lab.node('pve1').output('lxc-info -n 101 -pH'), first)
    assert.deepEqual(await off(8, inventoryOf(lab), upgraded), both)
    assert.deepEqual(await off(0, inventoryOf(lab)), [])
  })

  it('shows the containers of a node on which something is found', async () => {
    const run = await play('verify.yml')
    assert.equal(run.exitCode, 7, problemsOf(run))
    const rows = finished(run.events)?.rows.map(({ cells }) => `${cells[0]} ${cells.at(-1)?.split(' ')[0]}`)
    assert.deepEqual(
      rows,
      nodes.flatMap((node) => [`${node} DRIFT`, ...ctids[node].map((ctid) => `ct${ctid} ${ctid} ok`)]),
    )
  })

  it('keeps the driver of a node if a container does not stop', async () => {
    const unit = '[Service]\\nExecStart=/bin/sleep infinity\\nExecStop=/bin/sleep 8\\nTimeoutStopSec=60\\n'
    const slow = `printf '${unit}' >/etc/systemd/system/slow.service; systemctl daemon-reload; systemctl start slow`
    await lab.container(103).output(slow)
    const run = await play('upgrade.yml', '-e', 'nvidia_host_shutdown_timeout=2')
    assert.equal(run.exitCode, 4, problemsOf(run))
    assert.match(problemsOf(run), /cannot shut down container 103/)
    assert.equal(
      outcomes(run.events).get('pve1 nvidia_host : Install the driver that was loaded again'),
      'changed',
    )
    assert.match(stoppedAt(run) ?? '', /not started: pve2, /)
    await fleetHas(old, old)
    assert.deepEqual(await off(8, inventoryOf(lab), upgraded), both)
  })

  it('stops at a node where the installation fails, and has upgraded the one before', async () => {
    // A file where the installer creates a directory.
    await lab.node('pve2').output(`: >/usr/src/nvidia-${wanted}`)
    const run = await play('upgrade.yml')
    assert.equal(run.exitCode, 5, problemsOf(run))
    assert.match(problemsOf(run), new RegExp(`driver ${old.replaceAll('.', '\\.')} is back`))
    await fleetHas(wanted, old)
    assert.deepEqual(await off(8, inventoryOf(lab), upgraded), ['pve2 drift'])
    await lab.node('pve2').output(`rm -f /usr/src/nvidia-${wanted}`)
  })

  it('finishes when it runs again, as its dry run says, and a second run changes nothing', async () => {
    const dry = await play('upgrade.yml', '--check')
    assert.equal(dry.exitCode, 0, problemsOf(dry))
    const run = await play('upgrade.yml')
    assert.equal(run.exitCode, 0, problemsOf(run))
    const changed = keysOf(outcomes(run.events), 'changed')
    const predicted = keysOf(outcomes(dry.events), 'changed')
    assert.deepEqual(
      predicted.filter((key) => !changed.includes(key)),
      [],
    )
    assert.ok(predicted.includes('pve2 nvidia_host : Load the driver'))
    assert.ok(!changed.some((key) => key.startsWith('pve1 ') || key.startsWith('ct10')))
    await fleetHas(wanted, wanted)
    assert.deepEqual(await off(0, inventoryOf(lab), upgraded), [])
    const again = await play('upgrade.yml')
    assert.equal(again.exitCode, 0, problemsOf(again))
    assert.equal(changedCount(again.events), 0, again.text)
  })

  const versionOf = (node: NodeName): Promise<string> =>
    lab.node(node).output('cat /var/lib/gpuplay/v1/driver-previous')

  it('is undone by a rollback, also one that was stopped in the middle', async () => {
    assert.equal(await versionOf('pve1'), `${old}\n`)
    await lab.node('pve2').output(`: >/usr/src/nvidia-${old}`)
    const stopped = await play('rollback.yml')
    assert.equal(stopped.exitCode, 5, problemsOf(stopped))
    await fleetHas(old, wanted)
    assert.deepEqual(await off(8, inventoryOf(lab), upgraded), ['pve1 drift'])
    await lab.node('pve2').output(`rm -f /usr/src/nvidia-${old}`)
    const run = await play('rollback.yml')
    assert.equal(run.exitCode, 0, problemsOf(run))
    assert.ok(!keysOf(outcomes(run.events), 'changed').some((key) => key.startsWith('pve1 ')))
    await fleetHas(old, old)
    assert.deepEqual(await off(8, inventoryOf(lab), upgraded), both)
    assert.deepEqual(await off(0, inventoryOf(lab)), [])
    const again = await play('rollback.yml')
    assert.equal(again.exitCode, 0, problemsOf(again))
    assert.equal(changedCount(again.events), 0, again.text)
  })

  it('is repeated, and a rollback goes to the version that is named', async () => {
    const refused = await play('rollback.yml', '-e', `nvidia_driver_version=${old}`)
    assert.equal(refused.exitCode, 4, problemsOf(refused))
    assert.match(
      problemsOf(refused),
      /write -e rollback_version=590\.48\.01 instead of -e nvidia_driver_version/,
    )
    const other = await play('rollback.yml', '-e', 'rollback_version=580.76.05', '-l', 'pve1:ct10*')
    assert.equal(other.exitCode, 0, problemsOf(other))
    await fleetHas('580.76.05', old)
    const run = await play('upgrade.yml')
    assert.equal(run.exitCode, 0, problemsOf(run))
    await fleetHas(wanted, wanted)
  })
})
