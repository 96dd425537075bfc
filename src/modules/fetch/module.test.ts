import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { fakeWorld, sha256 } from '../testing/fake-host.ts'
import { fetch } from './module.ts'

test('fetch saves a file below the name of the host, once', async () => {
  const world = fakeWorld({ '/etc/x': 'one' })
  const given = { src: '/etc/x', dest: '/play/saved/' }
  const first = await converge(fetch, given, world)
  const to = '/play/saved/fake/etc/x'
  assert.deepEqual(first.actions, [{ kind: 'fetch', path: '/etc/x', to, sha256: sha256('one') }])
  assert.equal(world.controller.get(to), 'one')
  assert.deepEqual(first.report, { src: '/etc/x', dest: to, checksum: sha256('one') })
  assert.deepEqual((await converge(fetch, given, world)).actions, [])
  world.files.set('/etc/x', { kind: 'file', text: 'two', mode: '0600', owner: 'root', group: 'root' })
  assert.equal((await converge(fetch, given, world)).actions.length, 1)
  assert.equal(world.controller.get(to), 'two')
})

test('with flat, dest is the file or its folder', async () => {
  for (const [dest, to] of [
    ['/play/mine', '/play/mine'],
    ['/play/saved/', '/play/saved/x'],
  ] as const) {
    const world = fakeWorld({ '/etc/x': 'one' })
    await converge(fetch, { src: '/etc/x', dest, flat: true }, world)
    assert.equal(world.controller.get(to), 'one')
  }
})

test('a missing file and a directory are refused; fail_on_missing only warns about the first', async () => {
  const world = fakeWorld()
  assert.equal((await planOnce(fetch, { src: '/etc/x', dest: '/s' }, world)).refusal?.code, 'file-not-found')
  assert.equal(
    (await planOnce(fetch, { src: '/etc', dest: '/s' }, world)).refusal?.code,
    'wrong-kind-of-file',
  )
  const { warnings } = await planOnce(fetch, { src: '/etc/x', dest: '/s', fail_on_missing: false }, world)
  assert.deepEqual(warnings, ['/etc/x does not exist'])
})
