/** Tasks that are limited in time (`timeout`) and in the number of hosts that run them (`throttle`). */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { blockPlay, say, steps } from './testing/block-plays.ts'
import { folderOfTests, type LocalRun } from './testing/local-run.ts'

const hosts = (names: string) => ({ inventories: [names], extraVars: ['connection=local'] })

function problemOf({ events }: LocalRun, task: string): string | undefined {
  for (const event of events)
    if (event.type === 'task.finished' && event.task.name === task) return event.detail.problem?.message
  return undefined
}

describe('timeout', () => {
  const folder = folderOfTests()
  const at = (name: string): string => join(folder.path, name)

  test('a program is ended on the host, also if the play sets the limit', async () => {
    const run = await folder.run(
      blockPlay(
        `
- { name: slow, shell: { cmd: 'echo begun; sleep 7; touch ${at('late')}' }, ignore_errors: true, register: it }
- ${say('result', '{{ it.failed }}')}
- { name: free, command: sleep 4.1, timeout: 0 }
`,
        '  timeout: 4\n',
      ),
    )
    assert.deepEqual(steps(run), ['slow failed (ignored)', 'result ok', 'free changed'])
    assert.deepEqual(run.messages, ['true'])
    assert.match(problemOf(run, 'slow') ?? '', /: timed out after 4 s; last output: begun$/)
    await delay(3200)
    assert.equal(existsSync(at('late')), false)
  })

  for (const check of [false, true]) {
    test(`a program that only reads is ended too${check ? ', in a dry run' : ''}`, async () => {
      const started = performance.now()
      const run = await folder.run(
        blockPlay(`
- { name: slow, command: { cmd: sleep 20, reads: true }, timeout: 1, ignore_errors: true }
- { name: next, stat: { path: / } }
`),
        { check },
      )
      assert.deepEqual(steps(run), ['slow failed (ignored)', 'next ok'])
      assert.match(problemOf(run, 'slow') ?? '', /timed out after 1 s/)
      assert.ok(performance.now() - started < 10_000)
    })
  }

  test('waiting for a state ends with the reason for the wait', async () => {
    const run = await folder.run(
      blockPlay(`- { name: wait, wait_for: { path: ${at('never')}, timeout: 60 }, timeout: 6 }\n`),
    )
    assert.match(problemOf(run, 'wait') ?? '', /^timed out after 6 s: .*never/)
    assert.equal(run.exitCode, 7)
  })

  test('it counts for each item and each attempt, not for the tasks before', async () => {
    const run = await folder.run(
      blockPlay(`
- { name: before, command: sleep 0.8 }
- { name: items, command: 'sleep {{ item }}', loop: [0.4, 0.4, 0.4], timeout: 1 }
- { name: attempts, shell: { cmd: 'sleep 0.6; test -e ${at('made')} || { touch ${at('made')}; exit 1; }' }, until: tried.rc == 0, retries: 2, delay: 0, register: tried, timeout: 1 }
`),
    )
    assert.deepEqual(steps(run), ['before changed', 'items changed', 'attempts changed'])
  })
})

describe('throttle', () => {
  const folder = folderOfTests()

  const mostAtOnce = (log: string): number => {
    let [now, most] = [0, 0]
    for (const line of readFileSync(join(folder.path, log), 'utf8').trim().split('\n')) {
      now += line === 'in' ? 1 : -1
      most = Math.max(most, now)
    }
    return most
  }
  const enter = (log: string): string =>
    `shell: { cmd: 'echo in >> ${folder.path}/${log}; sleep 0.4; echo out >> ${folder.path}/${log}' }`

  test('no more hosts than that run the task at the same time', async () => {
    const run = await folder.run(
      blockPlay(`
- { name: all, ${enter('all')} }
- { name: two, ${enter('two')}, throttle: 2 }
- block: [{ name: one, ${enter('one')} }]
  throttle: 1
`),
      { ...hosts('a,b,c,d'), forks: 4 },
    )
    assert.equal(run.exitCode, 0)
    assert.ok(mostAtOnce('all') > 2)
    assert.equal(mostAtOnce('two'), 2)
    assert.equal(mostAtOnce('one'), 1)
    assert.ok(
      run.events.some(
        (event) =>
          event.type === 'host.waiting' && event.why === '"one" runs on one host at a time (throttle)',
      ),
    )
  })

  test('also with one fork, with failures, and for handlers', async () => {
    const run = await folder.run(
      `${blockPlay(`
- { name: change, command: 'true', notify: handler }
- { name: breaks, command: 'false', throttle: 1, when: inventory_hostname != "c" }
`)}  handlers:\n    - { name: handler, ${enter('handler')}, throttle: 1 }\n  force_handlers: true\n`,
      { ...hosts('a,b,c'), forks: 1 },
    )
    assert.equal(mostAtOnce('handler'), 1)
    assert.equal(readFileSync(join(folder.path, 'handler'), 'utf8').split('in\n').length - 1, 3)
    assert.equal(run.exitCode, 7)
  })
})
