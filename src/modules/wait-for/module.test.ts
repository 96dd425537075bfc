import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planOnce } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { connectedPorts, portsIn } from '../../host/questions/tcp-ports.ts'
import { waitFor } from './module.ts'

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0100007F:1F90 0100007F:0016 01 00000000:00000000 00:00000000 00000000     0        0 1 1
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000
`

test('listening ports are those in state LISTEN, for IPv4 and IPv6; connected ones have connections', () => {
  const closed = `   2: 0100007F:1F91 0100007F:0016 06 0:0\n   3: 0100007F:1F92 0100007F:0016 08 0:0\n`
  assert.deepEqual([...portsIn(table + closed, ['0A'])], [22, 80])
  const said = connectedPorts.parse({ code: 0, stdout: table + closed, stderr: '' })
  assert.deepEqual([...said], [8080, 8082])
})

test('wait_for waits until a program listens on the port', async () => {
  const world = fakeWorld()
  world.answer = () => ({ code: 1, stdout: table, stderr: '' })
  assert.equal((await planOnce(waitFor, { port: 80 }, world)).settle, undefined)
  const { settle, pause } = await planOnce(waitFor, { port: 8080, timeout: 5 }, world)
  assert.deepEqual(settle, { why: 'waiting until a program listens on port 8080', timeout: 5 })
  assert.equal(pause, undefined)
})

test('wait_for waits for a path, its absence, and its content', async () => {
  const world = fakeWorld({ '/run/x': 'state=ready\n' })
  const why = async (args: Readonly<Record<string, unknown>>): Promise<string | undefined> =>
    (await planOnce(waitFor, args, world)).settle?.why
  assert.equal(await why({ path: '/run/x' }), undefined)
  assert.equal(await why({ path: '/run/x', search_regex: 'ready$' }), 'waiting until /run/x contains ready$')
  assert.equal(await why({ path: '/run/x', search_regex: '=ready' }), undefined)
  assert.equal(await why({ path: '/run/x', state: 'absent' }), 'waiting, since /run/x still exists')
  assert.equal(await why({ path: '/run/none' }), 'waiting until /run/none exists')
})

test('wait_for connects to a port of another machine, with a time limit', async () => {
  const world = fakeWorld()
  const asked: string[] = []
  world.answer = (argv) => {
    asked.push(argv.join(' '))
    return { code: argv[2] === 'db.example' ? 0 : 1, stdout: '', stderr: '' }
  }
  const why = async (args: Readonly<Record<string, unknown>>): Promise<string | undefined> =>
    (await planOnce(waitFor, { port: 5432, ...args }, world)).settle?.why
  assert.equal(await why({ host: 'db.example', connect_timeout: 3 }), undefined)
  assert.equal(await why({ host: '::1' }), 'waiting until port 5432 of ::1 accepts connections')
  assert.equal(
    await why({ host: 'db.example', state: 'stopped' }),
    'waiting, since port 5432 of db.example still accepts connections',
  )
  assert.deepEqual(
    asked,
    ['3 db.example', '5 ::1', '5 db.example'].map((words) => `tcp-probe ${words} 5432`),
  )
  await assert.rejects(planOnce(waitFor, { port: 1, host: '-x' }, world), /host/)
  await assert.rejects(planOnce(waitFor, { path: '/x', host: 'x' }, world), /port/)
})

test('a port is drained when it has no connections, although a program listens on it', async () => {
  const world = fakeWorld()
  world.answer = () => ({ code: 1, stdout: table, stderr: '' })
  const drained = { state: 'drained', port: 8080 }
  assert.equal(
    (await planOnce(waitFor, drained, world)).settle?.why,
    'waiting, since port 8080 still has connections',
  )
  const { settle } = await planOnce(waitFor, { state: 'drained', port: 80 }, world)
  assert.equal(settle, undefined)
  for (const wrong of [{ path: '/x' }, { port: 80, host: 'x' }])
    assert.equal(
      (await planOnce(waitFor, { state: 'drained', ...wrong }, world)).refusal?.code,
      'invalid-argument',
    )
})

test('wait_for waits before the first look, and as long as it is told between two', async () => {
  const plan = await planOnce(waitFor, { path: '/none', delay: 7, sleep: 3 }, fakeWorld())
  assert.deepEqual([plan.pause, plan.settle?.sleep], [{ seconds: 7 }, 3])
  const { pause, settle } = await planOnce(waitFor, { path: '/etc', delay: 7 }, fakeWorld())
  assert.deepEqual([pause, settle], [{ seconds: 7 }, undefined])
})
