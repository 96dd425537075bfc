/** `wait_for_connection` on hosts that answer late, or not at all. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { UnreachableError } from '../base/errors.ts'
import type { RunDependencies } from './request.ts'
import { blockPlay, say, steps } from './testing/block-plays.ts'
import { dependenciesIn, folderOfTests } from './testing/local-run.ts'

describe('wait_for_connection', () => {
  const folder = folderOfTests()
  const play = blockPlay(`
- { name: wait, wait_for_connection: { timeout: 3, sleep: 1 }, register: answered }
- { name: look, stat: { path: / } }
- ${say('say', '{{ length answered.boot_id }}')}
`)

  /** This machine, which answers after some attempts. */
  function late(attempts: number): {
    readonly dependencies: Partial<RunDependencies>
    readonly slept: number[]
  } {
    const { reach, world } = dependenciesIn(folder.path)
    const slept: number[] = []
    let [left, now] = [attempts, 0]
    return {
      slept,
      dependencies: {
        world: {
          ...world,
          clock: () => now,
          sleep: (milliseconds) => {
            slept.push(milliseconds)
            now += milliseconds
            return Promise.resolve()
          },
        },
        reach: {
          ...reach,
          connect: async (target, signal) => {
            left -= 1
            if (left >= 0) throw new UnreachableError({ code: 'unreachable', message: 'it is still booting' })
            return reach.connect(target, signal)
          },
        },
      },
    }
  }

  test('the first task of a play waits until the host answers, and the others run then', async () => {
    const run = await folder.run(play, {}, late(4).dependencies)
    assert.deepEqual(steps(run), ['wait ok', 'look ok', 'say ok'])
    assert.deepEqual([run.messages, run.exitCode], [['36'], 0])
  })

  test('without it, the host is unreachable', async () => {
    const run = await folder.run(blockPlay(`- { name: look, stat: { path: / } }\n`), {}, late(4).dependencies)
    assert.equal(run.exitCode, 3)
  })

  test('a host that does not answer in time is unreachable, for the reason of the last attempt', async () => {
    const { dependencies, slept } = late(Infinity)
    const run = await folder.run(play, {}, dependencies)
    assert.deepEqual([steps(run), run.exitCode], [['wait unreachable'], 3])
    assert.deepEqual(slept.slice(0, 3), [1000, 1000, 1000])
    const [problem] = run.events.flatMap((event) =>
      event.type === 'task.finished' ? [event.detail.problem?.message] : [],
    )
    assert.equal(problem, 'it is still booting')
  })

  test('a dry run does not wait', async () => {
    const { dependencies, slept } = late(Infinity)
    const run = await folder.run(play, { check: true }, dependencies)
    assert.deepEqual([steps(run), slept], [['wait unknown', 'look unreachable'], []])
  })
})
