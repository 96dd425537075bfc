/**
 * After `templates.yml` for an empty node is killed at any moment, another run reaches the same state as an undisturbed
 * one.
 *
 * Kills ten runs, one in each tenth of the work: from the node's driver, with a reboot, to the last template. The moments
 * depend on a seed, which is printed; `GPUPLAY_TEST_SEED` sets it.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import type { FileSnapshot } from '../lab/snapshot.ts'
import { changedCount } from '../whole/support/events.ts'
import { type Ended, gpuplay } from '../whole/support/gpuplay.ts'
import { killEach, type Moment, momentsOf, runAgain } from '../whole/support/killed-runs.ts'
import { randomNumbers } from '../whole/support/random.ts'
import { stateDifferences } from '../whole/support/same-state.ts'
import { problemsOf } from './support/roles-play.ts'
import { declareStorage, templateFleet } from './support/template-fleet.ts'

const kills = 10
const seed = Number(process.env['GPUPLAY_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const name = `templates-kill-${process.pid}`
const deadline = 600_000

interface State {
  readonly files: FileSnapshot
  /** Without the times of snapshots. */
  readonly configurations: string
}

describe('templates.yml that is killed', { skip: whyNoLab() ?? false, timeout: 1_500_000 }, () => {
  let lab: Lab
  let words: readonly string[]
  let moments: readonly Moment[]
  let wanted: State

  before(async () => {
    process.stdout.write(`moments of the kills: GPUPLAY_TEST_SEED=${seed}\n`)
    lab = await Lab.up({ name, nodes: 1, containers: 0 })
    await declareStorage(lab)
    words = ['run', 'playbooks/templates.yml', ...templateFleet(lab).words('580.95.05')]
    await lab.save('empty')
    const undisturbed = await expectSuccess(gpuplay(words, { deadline }))
    moments = momentsOf(undisturbed.events, kills, randomNumbers(seed))
    wanted = await state()
    await lab.restore('empty')
  })
  after(() => Lab.down(name))

  async function expectSuccess(run: Promise<Ended>, what = ''): Promise<Ended> {
    const ended = await run
    assert.equal(ended.exitCode, 0, `${what}\n${problemsOf(ended)}\n${ended.text.slice(-3000)}`)
    return ended
  }

  async function state(): Promise<State> {
    const [files, configurations] = await Promise.all([
      lab.snapshotFiles(),
      lab.node('pve1').output('cd /etc/pve/lxc && grep -H "" *.conf; pct list; pvesm list tank'),
    ])
    return {
      files: new Map([...files].filter(([path]) => !/\/lxc\/\d+\.conf$/.test(path))),
      configurations: configurations.replaceAll(/snaptime: \d+/g, 'snaptime: TIME'),
    }
  }

  it('reaches the same state when it is run again', async () => {
    const what = `killed ${await killEach(lab.nodes, words, { moments, deadline })}; seed ${seed}`
    process.stdout.write(`${what}\n`)
    await expectSuccess(runAgain(lab.nodes, words, { deadline }), what)
    const found = await state()
    assert.equal(found.configurations, wanted.configurations, what)
    assert.deepEqual(stateDifferences(wanted.files, found.files), [], what)
    const again = await expectSuccess(gpuplay(words, { deadline }), what)
    assert.equal(changedCount(again.events), 0, what)
  })
})
