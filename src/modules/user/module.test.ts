import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../../base/secret.ts'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { addFile, fakeWorld, thingsOf, type FakeWorld } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { user } from './module.ts'

const hash = '$6$salt$abc'
const alice = {
  exists: true,
  uid: 1000,
  group: 'alice',
  comment: '',
  home: '/home/alice',
  shell: '/bin/bash',
  groups: ['gpu'],
  password: hash,
}

function worldWith(users: Readonly<Record<string, typeof alice>> = {}): FakeWorld {
  const world = fakeWorld({ '/etc/login.defs': 'UMASK\t022\nHOME_MODE 0750\n', '/etc/skel/.profile': '' })
  addFile(world, '/etc/default/useradd', '# HOME=/x\nSHELL=/bin/sh\n')
  for (const name of ['gpu', 'render']) thingsOf(world, 'group').set(name, { exists: true, gid: 700 })
  for (const [name, status] of Object.entries(users)) thingsOf(world, 'user').set(name, status)
  return world
}

test('a user is created with a home directory, and nothing is planned afterwards', async () => {
  const world = worldWith()
  const args = { name: 'alice', uid: 1000, groups: 'gpu, render', password: hash, comment: 'Alice' }
  const { actions, report, diffs } = await converge(user, args, world)
  assertHas(actions, [
    {
      argv: 'useradd -u 1000 -U -G gpu,render -c Alice -d /home/alice -m alice'.split(' '),
      label: 'create the user alice',
    },
    { argv: ['chpasswd', '-e'], label: 'set the password of alice' },
  ])
  assertHas(world.files.get('/home/alice'), {
    kind: 'directory',
    mode: '0750',
    owner: 'alice',
    group: 'alice',
  })
  assert.deepEqual(report, {
    name: 'alice',
    uid: 1000,
    group: 'alice',
    groups: ['gpu', 'render'],
    home: '/home/alice',
    shell: '/bin/sh',
  })
  assert.deepEqual(diffs, [
    {
      title: 'user alice',
      before: 'absent\n',
      after: 'uid 1000\ngroup alice\ngroups gpu,render\ncomment Alice\nhome /home/alice\nshell /bin/sh\n',
    },
  ])
  assert.deepEqual((await planOnce(user, args, world)).actions, [])
})

test('the hash of a password reaches only standard input', async () => {
  const { actions } = await planOnce(user, { name: 'alice', password: hash }, worldWith())
  const [, second] = actions
  assert.ok(second?.kind === 'run' && second.stdin instanceof Secret)
  assert.equal(second.stdin.reveal(), `alice:${hash}\n`)
  assert.doesNotMatch(JSON.stringify(actions.map((action) => ('argv' in action ? action.argv : []))), /salt/)
})

test('a user without a home directory gets a group of its own that exists already', async () => {
  const world = worldWith()
  const args = {
    name: 'gpu',
    uid: 900,
    system: true,
    create_home: false,
    home: '/srv/gpu',
    shell: '/bin/false',
  }
  const { actions } = await converge(user, args, world)
  assertHas(actions, [{ argv: 'useradd -u 900 -g gpu -d /srv/gpu -s /bin/false -r -M gpu'.split(' ') }])
  assert.equal(world.files.has('/srv/gpu'), false)
})

test('an existing home directory is left as it is, and the files of a new one are unknown', async () => {
  const there = worldWith()
  addFile(there, '/home/alice/x', '')
  const kept = await planOnce(user, { name: 'alice' }, there)
  assert.deepEqual(
    kept.actions[0]?.effects?.filter(
      ({ kind, ...effect }) => kind === 'file' && 'name' in effect && effect.name.startsWith('/home'),
    ),
    [],
  )
  const made = await planOnce(user, { name: 'alice' }, worldWith())
  assertHas(
    made.actions[0]?.effects?.find(({ kind }) => kind === 'unknown' && true),
    {
      why: 'an earlier task changes the user alice',
    },
  )
  const unknown = made.actions[0]?.effects?.flatMap((effect) =>
    effect.kind === 'unknown' ? effect.resources : [],
  )
  assert.ok(unknown?.includes('file:/home/alice/.profile'))
})

test('only what differs is changed', async () => {
  const world = worldWith({ alice })
  const args = { name: 'alice', shell: '/bin/sh', home: '/srv/alice', move_home: true, comment: '' }
  const { actions, diffs } = await converge(user, args, world)
  assertHas(actions, [
    { argv: 'usermod -d /srv/alice -m -s /bin/sh alice'.split(' '), label: 'change the user alice' },
  ])
  assert.deepEqual(diffs, [
    {
      title: 'user alice',
      before: 'home /home/alice\nshell /bin/bash\n',
      after: 'home /srv/alice\nshell /bin/sh\n',
    },
  ])
  assert.deepEqual((await planOnce(user, { name: 'alice' }, worldWith({ alice }))).actions, [])
})

test('a user is added to groups, or has exactly these groups', async () => {
  const added = worldWith({ alice })
  const { actions } = await converge(user, { name: 'alice', groups: ['render'], append: true }, added)
  assertHas(actions, [{ argv: ['usermod', '-G', 'gpu,render', 'alice'] }])
  const exact = worldWith({ alice })
  assertHas((await converge(user, { name: 'alice', groups: ['render'] }, exact)).actions, [
    { argv: ['usermod', '-G', 'render', 'alice'] },
  ])
  assertHas((await converge(user, { name: 'alice', groups: [] }, exact)).actions, [
    { argv: ['usermod', '-G', '', 'alice'] },
  ])
  const primary = await planOnce(user, { name: 'alice', groups: ['gpu', 'alice'] }, worldWith({ alice }))
  assert.equal(primary.refusal?.message, 'there is no group alice')
})

test('a password is locked, unlocked and changed', async () => {
  const cases: readonly [now: string, args: Readonly<Record<string, unknown>>, wanted: string | undefined][] =
    [
      [hash, { password: hash }, undefined],
      [`!${hash}`, { password: hash }, undefined],
      [hash, { password: '$6$b$x' }, '$6$b$x'],
      [hash, { password: '$6$b$x', update_password: 'on_create' }, undefined],
      [hash, { password_lock: true }, `!${hash}`],
      [`!${hash}`, { password_lock: true }, undefined],
      [`!${hash}`, { password_lock: false }, hash],
      ['!', { password_lock: false }, undefined],
      ['*', { password_lock: true }, undefined],
      ['!', { password: hash, password_lock: true }, `!${hash}`],
    ]
  for (const [password, args, wanted] of cases) {
    const world = worldWith({ alice: { ...alice, password } })
    const { actions } = await converge(user, { name: 'alice', ...args }, world)
    const [first] = actions
    const set = first?.kind === 'run' && first.stdin instanceof Secret ? first.stdin.reveal() : undefined
    assert.equal(
      set,
      wanted === undefined ? undefined : `alice:${wanted}\n`,
      JSON.stringify([password, args]),
    )
  }
})

test('a user is removed, with the home directory if requested', async () => {
  const world = worldWith({ alice })
  const { actions } = await converge(user, { name: 'alice', state: 'absent', remove: true }, world)
  assertHas(actions, [{ argv: ['userdel', '-r', 'alice'], label: 'remove the user alice' }])
  assert.deepEqual((await planOnce(user, { name: 'alice', state: 'absent' }, world)).actions, [])
})

test('a missing group, and the removal of root, are refused', async () => {
  const missing = await planOnce(user, { name: 'alice', group: 'none' }, worldWith())
  assert.equal(missing.refusal?.message, 'there is no group none')
  const root = worldWith({ root: { ...alice, uid: 0 } })
  const removed = await planOnce(user, { name: 'root', state: 'absent' }, root)
  assert.equal(removed.refusal?.code, 'user-protected')
})

test('a password that is not a hash is a mistake', () => {
  assert.throws(() => completed(user, { name: 'alice', password: 'secret' }), /pattern/)
})
