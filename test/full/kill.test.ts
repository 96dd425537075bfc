/**
 * After a run is killed at any moment, another run reaches the same state as an undisturbed one.
 *
 * Kills five runs on two nodes at the same time, each starting from the state of the previous one and killed in a later
 * part of the work; the last run is not killed. `GPUPLAY_TEST_KILLS=20` kills twenty runs, each on new nodes and followed
 * by a run that is not killed. The moments depend on a seed, which is printed; `GPUPLAY_TEST_SEED` sets it.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import type { FileSnapshot } from '../lab/snapshot.ts'
import { eventsOf } from '../whole/support/events.ts'
import { gpuplay, start, type Ended } from '../whole/support/gpuplay.ts'
import { killEach, momentsOf, ofNode, runAgain } from '../whole/support/killed-runs.ts'
import { randomNumbers } from '../whole/support/random.ts'
import { stateDifferences } from '../whole/support/same-state.ts'
import { inventoryOf, site } from '../whole/support/site-runs.ts'

const single = Number(process.env['GPUPLAY_TEST_KILLS'] ?? 0)
/** Killed runs on each node before one that is not killed. */
const kills: readonly number[] = single > 0 ? [1, 1] : [3, 2]
const rounds = single > 0 ? Math.ceil(single / kills.length) : 1
const timeout = 600_000 + rounds * 120_000
const interrupted = kills.length + 1
const seed = Number(process.env['GPUPLAY_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const name = `kill-${process.pid}`

describe('a run that is killed', { skip: whyNoLab() ?? false, timeout }, () => {
  let lab: Lab
  let undisturbed: readonly Ended[] = []
  let wanted: FileSnapshot = new Map()
  const random = randomNumbers(seed)

  /** The command line for one node and its container. */
  const words = (number: number): readonly string[] => [
    'run',
    site,
    '-i',
    inventoryOf(lab),
    '--limit',
    `pve${number},ct${number}01`,
  ]
  const again = (number: number): Promise<Ended> => runAgain([lab.node(`pve${number}`)], words(number))

  before(async () => {
    process.stdout.write(`moments of the kills: GPUPLAY_TEST_SEED=${seed}\n`)
    lab = await Lab.up({ name, nodes: interrupted, containers: 1, gpusPerNode: 1 })
    await lab.save('fresh')
    undisturbed = await Promise.all([...kills.keys(), kills.length].map((index) => gpuplay(words(index + 1))))
    for (const { exitCode, text } of undisturbed) assert.equal(exitCode, 0, text.slice(-3000))
    wanted = await lab.snapshotFiles()
    await lab.restore('fresh')
  })
  after(() => Lab.down(name))

  it('reaches the same state when it is run again, independent of the moment', async () => {
    for (let round = 0; round < rounds; round += 1) {
      if (round > 0) await lab.restore('fresh')
      await killAndRunAgain()
    }
  })

  async function killAndRunAgain(): Promise<void> {
    const told = await Promise.all(
      kills.map(async (times, index) => {
        const number = index + 1
        const moments = momentsOf(undisturbed[index]?.events ?? [], times, random)
        const killed = await killEach([lab.node(`pve${number}`)], words(number), { moments })
        const last = await again(number)
        return { number, last, what: `pve${number}, killed ${killed}, seed ${seed}` }
      }),
    )
    const found = await lab.snapshotFiles()
    for (const { number, last, what } of told) {
      assert.equal(last.exitCode, 0, `${what}: ${last.text.slice(-3000)}`)
      assert.deepEqual(
        stateDifferences(ofNode(wanted, `pve${number}`), ofNode(found, `pve${number}`)),
        [],
        what,
      )
    }
  }

  it('or interrupted with Ctrl-C finishes the running tasks and exits with 130', async () => {
    const controller = await start(words(interrupted))
    await controller.seen(
      'an installation',
      (event) => event.type === 'task.finished' && event.outcome === 'changed',
    )
    controller.signal('SIGINT')
    const { exitCode, text, events } = await controller.ended
    assert.equal(exitCode, 130, text.slice(-3000))
    assert.equal(eventsOf(events, 'run.stopping').length, 1)
    assert.equal(eventsOf(events, 'run.finished')[0]?.exitCode, 130)
    const last = await again(interrupted)
    assert.equal(last.exitCode, 0, last.text.slice(-3000))
    const found = await lab.snapshotFiles()
    assert.deepEqual(
      stateDifferences(ofNode(wanted, `pve${interrupted}`), ofNode(found, `pve${interrupted}`)),
      [],
    )
  })
})
