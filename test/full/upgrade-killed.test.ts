/**
 * After `upgrade.yml` for two nodes is killed at any moment, another run reaches the same state as an undisturbed one.
 *
 * Kills ten runs, one in each tenth of the work. The moments depend on a seed, which is printed; `GPUPLAY_TEST_SEED` sets it.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import type { FileSnapshot } from '../lab/snapshot.ts'
import { changedCount } from '../whole/support/events.ts'
import { gpuplay } from '../whole/support/gpuplay.ts'
import { killEach, type Moment, momentsOf, runAgain } from '../whole/support/killed-runs.ts'
import { randomNumbers } from '../whole/support/random.ts'
import { stateDifferences } from '../whole/support/same-state.ts'
import { inventoryOf } from '../whole/support/site-runs.ts'
import { problemsOf, rolesRun } from './support/roles-play.ts'

const name = `upgrade-killed-${process.pid}`
const seed = Number(process.env['GPUPLAY_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const wanted = '590.48.01'
const kills = 10

describe('an upgrade of two nodes that is killed', { skip: whyNoLab() ?? false, timeout: 900_000 }, () => {
  let lab: Lab
  let words: readonly string[]
  let undisturbed: FileSnapshot
  let moments: readonly Moment[]

  before(async () => {
    process.stdout.write(`moments of the kills: GPUPLAY_TEST_SEED=${seed}\n`)
    lab = await Lab.up({ name, nodes: 2, containers: 1, gpusPerNode: 1 })
    const upgraded = join(lab.instance.stateDir, 'wanted.yaml')
    const hosts = {
      pve1: { nvidia_driver_version: wanted },
      pve2: { nvidia_driver_version: wanted },
      // Without the CUDA toolkit, whose installation takes the time of the kills.
      ct101: { cuda_toolkit_packages: ['cuda-nvcc'] },
      ct201: { cuda_toolkit_packages: ['cuda-nvcc'] },
    }
    writeFileSync(upgraded, JSON.stringify({ all: { hosts } }))
    words = ['run', 'playbooks/upgrade.yml', '-i', inventoryOf(lab), '-i', upgraded]
    const roles = rolesRun(lab, {
      nodes: 'runfile_cache, nvidia_host',
      containers: 'lxc_passthrough, lxc_userspace_driver',
    })
    const old = await gpuplay(roles())
    assert.equal(old.exitCode, 0, problemsOf(old))
    await lab.save('old')
    const run = await gpuplay(words)
    assert.equal(run.exitCode, 0, problemsOf(run))
    moments = momentsOf(run.events, kills, randomNumbers(seed))
    undisturbed = await lab.snapshotFiles()
  })
  after(() => Lab.down(name))

  for (const [which, first] of [
    ['first, third', 0],
    ['second, fourth', 1],
  ] as const)
    it(`in the ${which} and every other tenth of its work reaches the same state when it is run again`, async () => {
      await lab.restore('old')
      const chosen = moments.filter((_, index) => index % 2 === first)
      assert.equal(chosen.length, kills / 2)
      const what = `killed ${await killEach(lab.nodes, words, { moments: chosen })}; seed ${seed}`
      process.stdout.write(`${what}\n`)
      const last = await runAgain(lab.nodes, words)
      assert.equal(last.exitCode, 0, `${what}: ${problemsOf(last)}`)
      assert.deepEqual(stateDifferences(undisturbed, await lab.snapshotFiles()), [], what)
      const again = await gpuplay(words)
      assert.equal(changedCount(again.events), 0, `${what}: ${again.text}`)
    })
})
