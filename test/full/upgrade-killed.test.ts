/**
 * After `upgrade.yml` is killed at any moment, another run reaches the same state as an undisturbed one.
 *
 * Kills ten runs on four nodes, each starting from the state of the previous one. The moments depend on a seed, which is
 * printed; `GPUPLAY_TEST_SEED` sets it.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import type { FileSnapshot } from '../lab/snapshot.ts'
import { gpuplay, start } from '../whole/support/gpuplay.ts'
import { killAt, momentsOf, ofNode, runAgain } from '../whole/support/killed-runs.ts'
import { randomNumbers } from '../whole/support/random.ts'
import { stateDifferences } from '../whole/support/same-state.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'
import { problemsOf, rolesRun } from './support/roles-play.ts'

const name = `upgrade-killed-${process.pid}`
const seed = Number(process.env['GPUPLAY_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const wanted = '590.48.01'
/** Killed runs by node. */
const kills: Readonly<Record<string, number>> = { pve1: 3, pve2: 3, pve3: 2, pve4: 2 }
const nodes = Object.keys(kills)

describe('an upgrade that is killed', { skip: whyNoLab() ?? false, timeout: 900_000 }, () => {
  let lab: Lab
  let undisturbed: FileSnapshot
  /** Events of an undisturbed run on one node. */
  let events: number
  const random = randomNumbers(seed)
  const words = (node: string): readonly string[] => {
    const upgraded = join(lab.instance.stateDir, 'wanted.yaml')
    const limit = `${node}:ct${node.slice(3)}01`
    return ['run', 'playbooks/upgrade.yml', '-i', inventoryOf(lab), '-i', upgraded, '-l', limit]
  }

  before(async () => {
    process.stdout.write(`moments of the kills: GPUPLAY_TEST_SEED=${seed}\n`)
    lab = await Lab.up({ name, nodes: nodes.length, containers: 1, gpusPerNode: 1 })
    const hosts = Object.fromEntries([
      ...nodes.map((node) => [node, { nvidia_driver_version: wanted }]),
      // Without the CUDA toolkit, whose installation takes the time of the kills.
      ...nodes.map((node) => [`ct${node.slice(3)}01`, { cuda_toolkit_packages: ['cuda-nvcc'] }]),
    ])
    writeFileSync(join(lab.instance.stateDir, 'wanted.yaml'), JSON.stringify({ all: { hosts } }))
    const roles = rolesRun(lab, {
      nodes: 'runfile_cache, nvidia_host',
      containers: 'lxc_passthrough, lxc_userspace_driver',
    })
    const old = await gpuplay(roles())
    assert.equal(old.exitCode, 0, problemsOf(old))
    await lab.save('old')
    const runs = await Promise.all(nodes.map((node) => gpuplay(words(node))))
    for (const run of runs) assert.equal(run.exitCode, 0, problemsOf(run))
    events = Math.min(...runs.map((run) => run.events.length))
    undisturbed = await lab.snapshotFiles()
    await lab.restore('old')
  })
  after(() => Lab.down(name))

  it('reaches the same state when it is run again', async () => {
    const ended = await Promise.all(
      Object.entries(kills).map(async ([node, times]) => {
        const places: string[] = []
        for (const moment of momentsOf(events, times, random))
          places.push(await killAt(await start(words(node)), moment))
        const last = await runAgain(lab, node, words(node))
        return { node, last, what: `${node}, killed ${places.join('; ')}, seed ${seed}` }
      }),
    )
    const found = await lab.snapshotFiles()
    for (const { node, last, what } of ended) {
      assert.equal(last.exitCode, 0, `${what}: ${problemsOf(last)}`)
      assert.deepEqual(stateDifferences(ofNode(undisturbed, node), ofNode(found, node)), [], what)
    }
  })
})
