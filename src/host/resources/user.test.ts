/** Users and groups as a host describes them, and after predicted changes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName } from '../../base/brand.ts'
import { Unknown, UnknownError } from '../../base/unknown.ts'
import type { Action, Effect } from '../action.ts'
import { createOverlay, type Overlay } from '../overlay.ts'
import { group, user } from '../queries/account-queries.ts'
import { createReader } from '../reader.ts'
import { surprises } from '../surprises.ts'
import { createLocalShell } from '../testing/local-shell.ts'
import { groupKind } from './group.ts'
import { userKind } from './user.ts'

const pve1 = hostName('pve1')

function hostWith(overlay?: Overlay): ReturnType<ReturnType<typeof createReader>['view']> {
  const shell = createLocalShell()
  const reader = createReader({
    name: pve1,
    shell: async () => shell,
    signal: new AbortController().signal,
    placement: { ctid: undefined, nodeName: undefined, cluster: undefined },
    controller: { file: async () => undefined, text: async () => undefined },
  })
  return reader.forTask({ overlay }).host
}

function predicted(...effects: readonly Effect[]): ReturnType<typeof hostWith> {
  const overlay = createOverlay()
  const action: Action = { kind: 'run', argv: ['x'], effects }
  overlay.apply({ name: pve1 }, action)
  return hostWith(overlay)
}

test('users and groups are read with one process for many', async () => {
  const host = hostWith()
  const [root, none, rootGroup, noGroup] = await Promise.all([
    host.read(userKind, 'root'),
    host.read(userKind, 'gpuplay-none'),
    host.read(groupKind, 'root'),
    host.read(groupKind, 'gpuplay-none'),
  ])
  assert.deepEqual(
    [root.exists, root.uid, root.group, root.home, root.shell],
    [true, 0, 'root', '/root', '/bin/bash'],
  )
  assert.deepEqual(none, userKind.nothing)
  assert.deepEqual(rootGroup, { exists: true, gid: 0 })
  assert.deepEqual(noGroup, { exists: false, gid: undefined })
})

const files =
  'alice:x:1000:1000:A B,,,:/home/alice:/bin/sh\n\u00012\nalice:x:1000:\ngpu:x:7:bob,alice\nrender:x:8:alicex\n\u00010\nalice:!$6$a$b:1::::::\n\u00010\n'

test('the groups and the password of a user come from the other files', () => {
  const said = { stdout: Buffer.from(files), stderr: Buffer.alloc(0), code: 0 }
  assert.deepEqual(user.parse(said, ['alice', 'bob']), [
    {
      ok: true,
      value: {
        exists: true,
        uid: 1000,
        group: 'alice',
        comment: 'A B,,,',
        home: '/home/alice',
        shell: '/bin/sh',
        groups: ['gpu'],
        password: '!$6$a$b',
      },
    },
    { ok: true, value: userKind.nothing },
  ])
})

test('a program that is missing or fails is not an absent user or group', () => {
  const stderr = Buffer.from('sh: getent: not found\n')
  const users = { stdout: Buffer.from('\u0001127\n\u00010\n\u0001127\n'), stderr, code: 127 }
  assert.deepEqual(user.parse(users, ['alice']), [
    {
      ok: false,
      problem: { code: 'read-failed', message: 'cannot read the user alice: sh: getent: not found' },
    },
  ])
  const groups = { stdout: Buffer.from('\u0001127\n'), stderr, code: 127 }
  assert.deepEqual(group.parse(groups, ['gpu']), [
    {
      ok: false,
      problem: { code: 'read-failed', message: 'cannot read the group gpu: sh: getent: not found' },
    },
  ])
})

test('a predicted user is read back, other users are known, and the files are not', async () => {
  const uid = new Unknown('the run chooses it')
  const host = predicted(
    { kind: 'unknown', resources: ['file:/etc/shadow*'], why: 'an earlier task changes the user' },
    { kind: 'file', name: '/etc/passwd', becomes: { kind: 'file' } },
    { kind: 'user', name: 'gpuplay-new', becomes: { exists: true, uid, home: '/srv/new' } },
  )
  const made = await host.read(userKind, 'gpuplay-new')
  assert.deepEqual([made.exists, made.uid, made.home], [true, uid, '/srv/new'])
  assert.equal((await host.read(userKind, 'root')).uid, 0)
  await assert.rejects(host.text('/etc/passwd'), UnknownError)
})

test('all users and groups are unknown after a task that writes their files itself', async () => {
  const host = predicted({ kind: 'file', name: '/etc/group', becomes: { kind: 'file', text: 'x' } })
  await assert.rejects(host.read(userKind, 'root'), /an earlier task changes \/etc\/group/)
  await assert.rejects(host.read(groupKind, 'root'), UnknownError)
})

test('all users and groups are unknown after a task that may change their files', async () => {
  const why = 'it may run'
  const host = predicted({ kind: 'unknown', resources: ['file:/etc/passwd*'], why })
  await assert.rejects(host.read(userKind, 'root'), UnknownError)
  await assert.rejects(host.read(groupKind, 'root'), UnknownError)
})

test('a user that is missing may be created by a package that an earlier task installs', async () => {
  const host = predicted({ kind: 'brings', what: 'docker' })
  await assert.rejects(host.read(userKind, 'gpuplay-none'), UnknownError)
  await assert.rejects(host.read(groupKind, 'gpuplay-none'), UnknownError)
  assert.equal((await host.read(userKind, 'root')).exists, true)
})

test('differences from a prediction are named, but not passwords', async () => {
  const becomes = { shell: '/bin/none', password: '$6$a$b', uid: new Unknown('x') }
  const action: Action = { kind: 'run', argv: ['x'], effects: [{ kind: 'user', name: 'root', becomes }] }
  assert.deepEqual(await surprises([action], hostWith()), [
    'shell of user root is "/bin/bash"; predicted: "/bin/none"',
    'password of user root is "unchanged"; predicted: "another one"',
  ])
})
