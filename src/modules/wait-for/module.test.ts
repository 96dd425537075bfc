import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planOnce } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { portsIn } from '../../host/questions/system.ts'
import { waitFor } from './module.ts'

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid
   0: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0100007F:1F90 0100007F:0016 01 00000000:00000000 00:00000000 00000000     0        0 1 1
  sl  local_address                         remote_address                        st
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000
`

test('listening ports are those in state LISTEN, for IPv4 and IPv6', () => {
  assert.deepEqual([...portsIn(table)], [22, 80])
})

test('wait_for waits until a program listens on the port', async () => {
  const world = fakeWorld()
  world.answer = () => ({ code: 1, stdout: table, stderr: '' })
  assert.equal((await planOnce(waitFor, { port: 80 }, world)).settle, undefined)
  const { settle } = await planOnce(waitFor, { port: 8080, timeout: 5 }, world)
  assert.deepEqual(settle, { why: 'waiting until a program listens on port 8080', timeout: 5 })
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
