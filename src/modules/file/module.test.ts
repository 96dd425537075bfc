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
    says: 'a directory is created with its attributes',
    args: { path: '/srv/a/b', state: 'directory', mode: '750', owner: 'www' },
    does: ['makeDirectory'],
    after: { kind: 'directory', mode: '0750', owner: 'www' },
  },
  {
    says: 'only the attributes of an existing directory that differ are set',
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
    says: 'a directory is removed with its content',
    args: { path: '/srv/a/', state: 'absent' },
    before: (world) => addFile(world, '/srv/a/b/c', 'text'),
    does: ['remove'],
    after: 'absent',
  },
  {
    says: 'a missing file stays missing',
    args: { path: '/srv/a', state: 'absent' },
    does: [],
    after: 'absent',
  },
  {
    says: 'an empty file is created',
    args: { path: '/etc/x', state: 'touch', mode: '0600' },
    does: ['writeFile'],
    after: { kind: 'file', text: '', mode: '0600' },
  },
  {
    says: 'touch keeps the content of a file',
    args: { path: '/etc/x', state: 'touch' },
    before: (world) => addFile(world, '/etc/x', 'kept'),
    does: [],
    after: { text: 'kept' },
  },
  {
    says: 'a link is created',
    args: { path: '/etc/x', state: 'link', src: '../usr/x' },
    does: ['makeLink'],
    after: { kind: 'link', target: '../usr/x' },
  },
  {
    says: 'a link with another target is replaced',
    args: { path: '/etc/x', state: 'link', src: '/usr/x' },
    before: (world) => world.files.set('/etc/x', link('/usr/y')),
    does: ['makeLink'],
    after: { target: '/usr/x' },
  },
  {
    says: 'with force, a link replaces a file',
    args: { path: '/etc/x', state: 'link', src: '/usr/x', force: true },
    before: (world) => addFile(world, '/etc/x', 'text'),
    does: ['remove', 'makeLink'],
    after: { kind: 'link' },
  },
]

for (const { says, args, before, does, after } of cases) {
  test(`file: ${says}, and nothing is planned afterwards`, async () => {
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
  ['a directory in place of a file', { path: '/etc/f', state: 'directory' }, /is a file, not a directory/],
  ['a link in place of a file', { path: '/etc/f', state: 'link', src: '/x' }, /is a file, not a link/],
  ['a link without a target', { path: '/etc/l', state: 'link' }, /needs `src`/],
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

test('a mode that is a number is refused', async () => {
  await assert.rejects(planOnce(file, { path: '/x', mode: 420 }, fakeWorld()), /mode must be string/)
})

test('with recurse, file sets the attributes of everything below a directory that differs', async () => {
  const world = fakeWorld()
  makeParents(world, '/srv/x/y')
  world.files.set('/srv/x', { kind: 'directory', mode: '0755', owner: 'app', group: 'app' })
  const lines = (mode: string, uid: number): string =>
    [
      `f\t${mode}\t1\t${uid}\t1000\t1.0\t1.0\t/srv/x/f`,
      'd\t755\t1\t1000\t1000\t1.0\t1.0\t/srv/x/d',
      'l\t777\t1\t1000\t1000\t1.0\t1.0\t/srv/x/l',
    ]
      .map((line) => `${line}\0`)
      .join('')
  let found = lines('600', 0)
  world.answer = ([program]) => (program === 'find' ? { code: 0, stdout: found, stderr: '' } : undefined)
  const given = { path: '/srv/x', state: 'directory', recurse: true, mode: 'u=rwX,go=rX', owner: '1000' }
  world.program = () => {
    found = lines('644', 1000)
    return { code: 0, stdout: '', stderr: '' }
  }
  const { actions, diffs } = await converge(file, given, world)
  assert.deepEqual(
    actions.map((action) => action.kind === 'run' && action.argv),
    [
      ['chown', '-R', '-h', '1000', '--', '/srv/x'],
      ['chmod', '-R', 'u=rwX,go=rX', '--', '/srv/x'],
    ],
  )
  assert.equal(diffs.at(-1)?.before, '1 below with other attributes\n')
  assert.equal(
    (await planOnce(file, { path: '/srv/x', recurse: true }, world)).refusal?.code,
    'invalid-argument',
  )
})

test('a symbolic mode changes the one that is there, or that of a new file or directory', async () => {
  const world = fakeWorld({ '/etc/x': '' })
  world.files.set('/etc/x', { kind: 'file', text: '', mode: '4611', owner: 'root', group: 'root' })
  for (const [args, mode] of [
    [{ path: '/etc/x', mode: 'g+w,o=' }, '4630'],
    [{ path: '/etc/new', state: 'touch', mode: 'u=rwx,go-r' }, '0700'],
    [{ path: '/etc/d', state: 'directory', mode: 'o-rx' }, '0750'],
  ] as const) {
    const { actions } = await converge(file, args, world)
    assertHas(actions, [{ path: args.path, mode }])
  }
})
