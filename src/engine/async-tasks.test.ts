/** Tasks with `async`: programs that survive the connection, and programs that continue without the run. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import type { Reach } from '../fleet/machine.ts'
import { blockPlay, say, steps } from './testing/block-plays.ts'
import { folderOfTests, localReach, type LocalRun, testWorld } from './testing/local-run.ts'

const problemOf = ({ events }: LocalRun, task: string): string =>
  events
    .flatMap((event) =>
      event.type === 'task.finished' && event.task.name === task ? (event.detail.problem?.message ?? []) : [],
    )
    .join()

describe('async', () => {
  const folder = folderOfTests()
  const at = (name: string): string => join(folder.path, name)

  test('the run waits for the program, whose output is kept apart and whose time is limited', async () => {
    const run = await folder.run(
      blockPlay(`
- { name: waits, shell: { cmd: 'sleep 0.3; echo out; echo err >&2' }, async: 60, poll: 5, register: it }
- ${say('result', '{{ it.rc }} {{ it.stdout }} {{ it.stderr }} {{ it.finished }} {{ it.changed }}')}
- { name: fails, shell: { cmd: 'echo no >&2; exit 3' }, async: 60, register: bad, ignore_errors: true }
- ${say('bad', '{{ bad.rc }}')}
- { name: long, shell: { cmd: 'sleep 3; touch ${at('late')}' }, async: 1 }
`),
    )
    assert.deepEqual(run.messages, ['0 out err true true', '3'])
    assert.match(problemOf(run, 'long'), /timed out after 1 s/)
    await delay(2200)
    assert.equal(existsSync(at('late')), false)
  })

  test('a program is found again after a lost connection, and is started once', async () => {
    const world = testWorld(folder.path)
    const reach = localReach(world)
    const shells: { close(): Promise<void> }[] = []
    const closing: Reach = {
      ...reach,
      openShell: async (connection, signal) => {
        const shell = await reach.openShell(connection, signal)
        shells.push(shell)
        return shell
      },
    }
    const running = folder.run(
      blockPlay(`
- { name: waits, shell: { cmd: 'echo once >> ${at('starts')}; sleep 1.5; echo said' }, async: 60, register: it }
- ${say('result', '{{ it.stdout }}')}
`),
      {},
      { reach: closing },
    )
    while (!existsSync(at('starts'))) await delay(20)
    await delay(300)
    await Promise.all(shells.map((shell) => shell.close()))
    const run = await running
    assert.deepEqual(run.messages, ['said'])
    assert.equal(readFileSync(at('starts'), 'utf8'), 'once\n')
  })

  test('with poll: 0 the play continues, and async_status waits for the program', async () => {
    const run = await folder.run(
      blockPlay(`
- { name: starts, shell: { cmd: 'while [ ! -e ${at('go')} ]; do sleep 0.05; done; echo said; echo hm >&2' }, async: 60, poll: 0, register: job }
- ${say('started', '{{ job.started }} {{ job.finished }} {{ job.changed }}')}
- { name: looks, async_status: { jid: '{{ job.ansible_job_id }}' }, register: early }
- ${say('early', '{{ early.finished }}')}
- { name: lets it go, copy: { content: x, dest: ${at('go')} } }
- { name: waits, async_status: { jid: '{{ job.ansible_job_id }}' }, until: ended.finished, retries: 50, delay: 0, register: ended }
- ${say('ended', '{{ ended.finished }} {{ ended.rc }} {{ ended.stdout }} {{ ended.stderr }}')}
- { name: cleans, async_status: { jid: '{{ job.ansible_job_id }}', mode: cleanup } }
- { name: gone, async_status: { jid: '{{ job.ansible_job_id }}' }, ignore_errors: true }
`),
    )
    assert.deepEqual(run.messages, ['true false true', 'false', 'true 0 said hm'])
    assert.match(problemOf(run, 'gone'), /^there is no job /)
    assert.equal(run.exitCode, 0)
  })

  test('each item has its own program, and each run starts its programs anew', async () => {
    const playbook = blockPlay(`
- { name: starts, shell: { cmd: 'echo {{ item }} >> ${at('items')}' }, loop: [a, b], async: 60, poll: 0, register: jobs }
- name: waits
  async_status: { jid: '{{ item.ansible_job_id }}' }
  loop: '{{ jobs.results }}'
  until: ended.finished
  register: ended
  retries: 50
  delay: 0
`)
    for (const times of [1, 2]) {
      assert.equal((await folder.run(playbook)).exitCode, 0)
      assert.equal(readFileSync(at('items'), 'utf8').trim().split('\n').length, 2 * times)
    }
  })

  test('a failed program fails async_status, which ends the wait', async () => {
    const run = await folder.run(
      blockPlay(`
- { name: starts, shell: { cmd: 'echo broken >&2; exit 4' }, async: 60, poll: 0, register: job }
- { name: waits, async_status: { jid: '{{ job.ansible_job_id }}' }, until: ended.finished, retries: 100, delay: 0, register: ended }
`),
    )
    assert.deepEqual(steps(run), ['starts changed', 'waits failed'])
    assert.equal(problemOf(run, 'waits'), 'the program failed: exit status 4: broken')
  })

  test('a dry run starts nothing and says that later tasks may run', async () => {
    const run = await folder.run(
      blockPlay(`
- { name: starts, shell: { cmd: 'touch ${at('dry')}' }, async: 60, poll: 0, register: job }
- { name: waits, async_status: { jid: '{{ job.ansible_job_id }}' }, until: ended.finished, register: ended }
`),
      { check: true },
    )
    assert.deepEqual(steps(run), ['starts unknown', 'waits unknown'])
    assert.equal(existsSync(at('dry')), false)
  })

  test('a run that finds the program of an earlier one running waits for that one', async () => {
    const playbook = blockPlay(`
- { name: waits, shell: { cmd: 'echo once >> ${at('kept')}; sleep 1; echo said' }, async: 60, register: it }
- ${say('result', '{{ it.stdout }}')}
`)
    const controller = new AbortController()
    const first = folder.run(playbook, {}, { signal: controller.signal })
    while (!existsSync(at('kept'))) await delay(20)
    controller.abort(new Error('interrupted'))
    await first
    const second = await folder.run(playbook)
    assert.deepEqual(second.messages, ['said'])
    assert.equal(readFileSync(at('kept'), 'utf8'), 'once\n')
    writeFileSync(at('kept'), '')
    assert.deepEqual((await folder.run(playbook)).messages, ['said'])
    assert.equal(readFileSync(at('kept'), 'utf8'), 'once\n')
  })
})
