import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { asyncStatus } from './module.ts'

const jid = '/var/lib/gpuplay/v1/jobs/async-0123456789abcdef'

/** A host with the job, which holds its lock while it runs. */
function worldWith(files: Readonly<Record<string, string>>, runs = false): ReturnType<typeof fakeWorld> {
  const named = Object.entries({ alive: '', ...files }).map(([name, text]) => [`${jid}/${name}`, text])
  const world = fakeWorld(Object.fromEntries(named))
  world.answer = () => ({ code: runs ? 1 : 0, stdout: '', stderr: '' })
  return world
}

test('a running program is reported with its output so far', async () => {
  const { actions, report } = await converge(asyncStatus, { jid }, worldWith({ log: 'one\ntwo\n' }, true))
  assert.deepEqual(actions, [])
  assert.deepEqual([report['finished'], report['stdout_lines']], [false, ['one', 'two']])
})

test('a program that has ended is reported with its exit status', async () => {
  for (const name of ['status', 'collected']) {
    const world = worldWith({ [name]: '0\n', log: 'done\n', errors: 'hm\n' })
    const { report } = await converge(asyncStatus, { jid }, world)
    assert.deepEqual(
      [report['finished'], report['rc'], report['stdout'], report['stderr']],
      [true, 0, 'done', 'hm'],
    )
  }
})

test('a program that failed, ran out of time, was killed or is unknown fails the task', async () => {
  const messageOf = async (world: ReturnType<typeof fakeWorld>): Promise<string> =>
    (await planOnce(asyncStatus, { jid }, world)).refusal?.message ?? ''
  assert.equal(
    await messageOf(worldWith({ status: '3\n', errors: 'no\n' })),
    'the program failed: exit status 3: no',
  )
  assert.match(await messageOf(worldWith({ status: '124\n' })), /its time \("async"\) was over/)
  assert.match(await messageOf(worldWith({ log: '' })), /ended without an exit status/)
  assert.match(await messageOf(fakeWorld()), /^there is no job /)
})

test('cleanup removes the output of a program that has ended', async () => {
  const world = worldWith({ status: '0\n' })
  assert.equal((await converge(asyncStatus, { jid, mode: 'cleanup' }, world)).actions.length, 1)
  assert.equal(world.files.has(`${jid}/status`), false)
  const running = await planOnce(asyncStatus, { jid, mode: 'cleanup' }, worldWith({}, true))
  assert.equal(running.refusal?.code, 'job-running')
})
