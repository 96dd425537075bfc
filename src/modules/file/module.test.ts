import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { assertHas } from '../testing/has.ts'
import { addFile, type FakeFile, fakeWorld, makeParents, type FakeWorld } from '../testing/fake-host.ts'
import { file } from './module.ts'

interface Case {
  readonly says: string
  readonly args: Readonly<Record<string, unknown>>
  readonly before?: (world: FakeWorld) => void
  /** Kinds of the actions. */
  readonly does: readonly string[]
  readonly after: Partial<FakeFile> | 'absent'
}

const link = (target: string): FakeFile => ({
  kind: 'link',
  mode: '0777',
  owner: 'root',
  group: 'root',
  target,
})

const cases: readonly Case[] = [
  {
    says: 'a directory is made with its attributes',
    args: { path: '/srv/a/b', state: 'directory', mode: '750', owner: 'www' },
    does: ['makeDirectory'],
    after: { kind: 'directory', mode: '0750', owner: 'www' },
  },
  {
    says: 'a directory that is there only gets what differs',
    args: { path: '/srv/a', state: 'directory', mode: '0700', owner: '0' },
    before: (world) => makeParents(world, '/srv/a/x'),
    does: ['setAttributes'],
    after: { mode: '0700', owner: 'root' },
  },
  {
    says: 'a directory behind a link is a directory',
    args: { path: '/srv/a', state: 'directory' },
    before: (world) => {
      makeParents(world, '/data/x')
      makeParents(world, '/srv/x')
      world.files.set('/srv/a', link('/data'))
    },
    does: [],
    after: { kind: 'link' },
  },
  {
    says: 'a file is removed',
    args: { path: '/etc/x', state: 'absent' },
    before: (world) => addFile(world, '/etc/x', 'text'),
    does: ['remove'],
    after: 'absent',
  },
  {
    says: 'a directory is removed with all in it',
    args: { path: '/srv/a/', state: 'absent' },
    before: (world) => addFile(world, '/srv/a/b/c', 'text'),
    does: ['remove'],
    after: 'absent',
  },
  {
    says: 'what is absent already stays so',
    args: { path: '/srv/a', state: 'absent' },
    does: [],
    after: 'absent',
  },
  {
    says: 'an empty file is made',
    args: { path: '/etc/x', state: 'touch', mode: '0600' },
    does: ['writeFile'],
    after: { kind: 'file', text: '', mode: '0600' },
  },
  {
    says: 'touching keeps what is there',
    args: { path: '/etc/x', state: 'touch' },
    before: (world) => addFile(world, '/etc/x', 'kept'),
    does: [],
    after: { text: 'kept' },
  },
  {
    says: 'a link is made',
    args: { path: '/etc/x', state: 'link', src: '../usr/x' },
    does: ['makeLink'],
    after: { kind: 'link', target: '../usr/x' },
  },
  {
    says: 'a link to something else is pointed anew',
    args: { path: '/etc/x', state: 'link', src: '/usr/x' },
    before: (world) => world.files.set('/etc/x', link('/usr/y')),
    does: ['makeLink'],
    after: { target: '/usr/x' },
  },
  {
    says: 'by force a link takes the place of a file',
    args: { path: '/etc/x', state: 'link', src: '/usr/x', force: true },
    before: (world) => addFile(world, '/etc/x', 'text'),
    does: ['remove', 'makeLink'],
    after: { kind: 'link' },
  },
]

for (const { says, args, before, does, after } of cases) {
  test(`file: ${says}, and then nothing is left to do`, async () => {
    const world = fakeWorld()
    before?.(world)
    const { actions, end } = await converge(file, args, world)
    assert.deepEqual(
      actions.map(({ kind }) => kind),
      does,
    )
    assert.equal(end.refusal, undefined)
    const left = world.files.get(String(args['path']).replace(/\/$/, ''))
    if (after === 'absent') assert.equal(left, undefined)
    else assertHas(left, after)
  })
}

const refusals: readonly [says: string, args: Readonly<Record<string, unknown>>, message: RegExp][] = [
  ['a file that does not exist', { path: '/etc/none' }, /\/etc\/none does not exist/],
  ['a directory where a file is', { path: '/etc/f', state: 'directory' }, /is a file, not a directory/],
  ['a link where a file is', { path: '/etc/f', state: 'link', src: '/x' }, /is a file, not a link/],
  ['a link to nowhere', { path: '/etc/l', state: 'link' }, /needs `src`/],
  ['removing /etc', { path: '/etc/', state: 'absent' }, /the system depends on it/],
  ['removing / in disguise', { path: '/etc/..', state: 'absent' }, /the system depends on it/],
]

for (const [says, args, message] of refusals) {
  test(`file refuses ${says}`, async () => {
    const plan = await planOnce(file, args, fakeWorld({ '/etc/f': 'text' }))
    assert.match(plan.refusal?.message ?? '', message)
    assert.deepEqual(plan.actions, [])
  })
}

test('a mode that is a number is not accepted', async () => {
  await assert.rejects(planOnce(file, { path: '/x', mode: 420 }, fakeWorld()), /mode must be string/)
})
