import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { addFile, fakeWorld, thingsOf, type FakeWorld } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { authorizedKey } from './module.ts'

const key = 'ssh-ed25519 AAAA alice'
const path = '/home/alice/.ssh/authorized_keys'

function worldWith(files: Readonly<Record<string, string>> = {}): FakeWorld {
  const world = fakeWorld({ '/home/alice/x': '', ...files })
  const rest = { exists: true, uid: 1000, comment: '', shell: '/bin/sh', groups: [], password: '!' }
  thingsOf(world, 'user').set('alice', { ...rest, group: 'staff', home: '/home/alice' })
  return world
}

test('a key is added, with its directory, and nothing is planned afterwards', async () => {
  const world = worldWith()
  const { actions, report, diffs } = await converge(authorizedKey, { user: 'alice', key }, world)
  assert.deepEqual(
    actions.map(({ kind, label }) => [kind, label]),
    [
      ['makeDirectory', undefined],
      ['writeFile', `set the keys in ${path}`],
    ],
  )
  assertHas(world.files.get('/home/alice/.ssh'), { mode: '0700', owner: 'alice', group: 'staff' })
  assertHas(world.files.get(path), { text: `${key}\n`, mode: '0600', owner: 'alice', group: 'staff' })
  assert.deepEqual(report, { path })
  assert.deepEqual(diffs, [{ title: path, before: '', after: `${key}\n` }])
  assert.deepEqual((await planOnce(authorizedKey, { user: 'alice', key }, world)).actions, [])
})

test('owner and mode are corrected', async () => {
  const world = worldWith({ [path]: `${key}\n` })
  const { actions } = await converge(authorizedKey, { user: 'alice', key }, world)
  assertHas(actions, [
    { kind: 'setAttributes', path: '/home/alice/.ssh', mode: '0700', owner: 'alice', group: 'staff' },
    { kind: 'setAttributes', path, mode: '0600', owner: 'alice', group: 'staff' },
  ])
})

test('keys are removed, and a missing file needs no removal', async () => {
  const world = worldWith({ [path]: `${key}\nssh-rsa CCCC\n` })
  await converge(authorizedKey, { user: 'alice', key, state: 'absent' }, world)
  assert.equal(world.files.get(path)?.text, 'ssh-rsa CCCC\n')
  const missing = await planOnce(authorizedKey, { user: 'alice', key, state: 'absent' }, worldWith())
  assert.deepEqual([missing.actions, missing.refusal], [[], undefined])
})

test('exclusive removes all other keys, and options and comments are replaced', async () => {
  const world = worldWith({ [path]: 'ssh-rsa CCCC\n' })
  const args = { user: 'alice', key, exclusive: true, key_options: 'no-pty', comment: 'gpuplay' }
  await converge(authorizedKey, args, world)
  assert.equal(world.files.get(path)?.text, 'no-pty ssh-ed25519 AAAA gpuplay\n')
})

test('a link in the place of the file or its directory is refused', async () => {
  const link = { kind: 'link', text: '', target: '/root/.ssh/authorized_keys' } as const
  const file = worldWith({ '/home/alice/.ssh/x': '' })
  addFile(file, path, '', link)
  const directory = worldWith()
  addFile(directory, '/home/alice/.ssh', '', { ...link, target: '/root/.ssh' })
  for (const world of [file, directory]) {
    const { refusal, actions } = await planOnce(authorizedKey, { user: 'alice', key }, world)
    assert.equal(refusal?.code, 'wrong-kind-of-file')
    assert.deepEqual(actions, [])
  }
})

test('a missing user, a missing home directory, and a text that is not a key are refused', async () => {
  const nobody = await planOnce(authorizedKey, { user: 'bob', key }, worldWith())
  assert.equal(nobody.refusal?.message, 'there is no user bob')
  const homeless = worldWith()
  homeless.files.delete('/home/alice')
  const refused = await planOnce(authorizedKey, { user: 'alice', key }, homeless)
  assert.equal(refused.refusal?.message, 'there is no directory /home/alice')
  const wrong = await planOnce(authorizedKey, { user: 'alice', key: '/root/id.pub' }, worldWith())
  assert.equal(wrong.refusal?.message, 'not a public key: "/root/id.pub"')
})
