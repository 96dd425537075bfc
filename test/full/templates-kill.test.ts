/**
 * After `templates.yml` is killed at any moments, another run reaches the same state as an undisturbed one.
 *
 * The moments depend on a seed, which is printed; `GPUPLAY_TEST_SEED` sets it.
 */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { Lab } from '../lab/lab.ts'
import { whyNoLab } from '../lab/machine.ts'
import type { FileSnapshot } from '../lab/snapshot.ts'
import { changedCount } from '../whole/support/events.ts'
import { type Ended, gpuplay, start } from '../whole/support/gpuplay.ts'
import { randomNumbers } from '../whole/support/random.ts'
import { stateDifferences } from '../whole/support/same-state.ts'
import { problemsOf } from './support/roles-play.ts'
import { declareStorage, templateFleet } from './support/template-fleet.ts'

/** Killed runs, each starting from the state of the previous one, before one that is not killed. */
const rounds: readonly number[] = [4, 3, 3]
const seed = Number(process.env['GPUPLAY_TEST_SEED'] ?? Math.floor(Math.random() * 2 ** 31))
const name = `templates-kill-${process.pid}`
const version = '580.95.05'

interface State {
  readonly files: FileSnapshot
  /** Without the times of snapshots. */
  readonly configurations: string
}

describe('templates.yml that is killed', { skip: whyNoLab() ?? false, timeout: 1_500_000 }, () => {
  let lab: Lab
  let words: readonly string[]
  let undisturbed: Ended
  let wanted: State
  const random = randomNumbers(seed)

  before(async () => {
    process.stdout.write(`moments of the kills: GPUPLAY_TEST_SEED=${seed}\n`)
    lab = await Lab.up({ name, nodes: 1, containers: 0 })
    await declareStorage(lab)
    const more = templateFleet(lab).words(version)
    words = ['run', 'playbooks/templates.yml', ...more]
    await ran(['run', 'playbooks/nodes.yml', ...more])
    await lab.save('driver')
    undisturbed = await ran(words)
    wanted = await state()
  })
  after(() => Lab.down(name))

  async function ran(all: readonly string[]): Promise<Ended> {
    const ended = await gpuplay(all, { deadline: 600_000 })
    assert.equal(ended.exitCode, 0, `${problemsOf(ended)}\n${ended.text.slice(-3000)}`)
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

  for (const [round, kills] of rounds.entries())
    it(`${kills} times reaches the same state when it is run again (${round + 1})`, async () => {
      await lab.restore('driver')
      const places: string[] = []
      for (let kill = 0; kill < kills; kill += 1) places.push(await killed())
      const what = `killed ${places.join('; ')}; seed ${seed}`
      process.stdout.write(`${what}\n`)
      const last = await gpuplay(words, { deadline: 600_000 })
      assert.equal(last.exitCode, 0, `${what}: ${problemsOf(last)}\n${last.text.slice(-3000)}`)
      const found = await state()
      assert.equal(found.configurations, wanted.configurations, what)
      assert.deepEqual(stateDifferences(wanted.files, found.files), [], what)
      assert.equal(changedCount((await ran(words)).events), 0, what)
    })

  /** Kills a run some time after one of its events; returns a description of the moment. */
  async function killed(): Promise<string> {
    const event = 1 + Math.floor(random() * 0.7 * undisturbed.events.length)
    const controller = await start(words, { deadline: 600_000 })
    await Promise.race([controller.seen('that event', ({ seq }) => seq === event), controller.ended])
    await delay(random() * 1000)
    controller.signal('SIGKILL')
    const { events } = await controller.ended
    const last = events.at(-1)
    const task = last !== undefined && 'task' in last ? last.task?.name : undefined
    return `after event ${last?.seq ?? 0} of ${event} (${last?.type ?? 'none'}${task === undefined ? '' : ` of ${task}`})`
  }
})
