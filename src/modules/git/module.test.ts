import assert from 'node:assert/strict'
import { test } from 'node:test'
import { assertHas } from '../testing/has.ts'
import { planOnce } from '../testing/converge.ts'
import { addFile, fakeWorld, makeParents, type FakeWorld } from '../testing/fake-host.ts'
import { git } from './module.ts'

const [a, b] = ['a'.repeat(40), 'b'.repeat(40)]
const repo = 'https://example.org/x.git'
const given = { repo, dest: '/srv/x/' }

interface Repository {
  readonly commit?: string
  readonly origin?: string
  readonly changed?: string
  readonly refs?: string
}

/** A host with a working tree in /srv/x if there is a commit. */
function worldWith({ commit, origin = repo, changed = '', refs = '' }: Repository = {}): FakeWorld {
  const world = fakeWorld()
  world.commands.set('git', '/usr/bin/git')
  if (commit !== undefined) addFile(world, '/srv/x/.git/HEAD', 'ref: refs/heads/main\n')
  world.answer = (argv) => {
    const said = (stdout: string): { code: number; stdout: string; stderr: string } => ({
      code: 0,
      stdout,
      stderr: '',
    })
    switch (argv[6]) {
      case 'ls-remote':
        return said(refs)
      case 'rev-parse':
        return said(`${commit ?? ''}\n`)
      case 'config':
        return said(`${origin}\n`)
      case 'status':
        return said(changed)
      default:
        return undefined
    }
  }
  return world
}

const head = `ref: refs/heads/main\tHEAD\n${b}\tHEAD\n`

test('git clones the default branch; a dry run knows its commit', async () => {
  const { actions, diffs } = await planOnce(git, given, worldWith({ refs: head }))
  assertHas(actions, [
    {
      kind: 'run',
      label: `check out branch main (bbbbbbbbbbbb) in /srv/x`,
      effects: [
        { kind: 'file', name: '/srv/x', becomes: { kind: 'directory' } },
        { kind: 'unknown', resources: ['file:/srv/x/*'] },
      ],
    },
  ])
  assert.deepEqual(diffs, [{ title: '/srv/x', before: 'absent\n', after: `main ${b}\n` }])
})

test('git does nothing at the wanted commit, and with update: false', async () => {
  assert.deepEqual((await planOnce(git, given, worldWith({ commit: b, refs: head }))).actions, [])
  const kept = worldWith({ commit: a, changed: ' M x\n', refs: 'not asked' })
  assert.deepEqual((await planOnce(git, { ...given, update: false }, kept)).actions, [])
})

test('a branch comes before a tag, an annotated tag is its commit, and a whole commit is not asked for', async () => {
  for (const [version, refs, kind, commit] of [
    ['v1', `${a}\trefs/tags/v1\n${b}\trefs/tags/v1^{}\n`, 'tag', b],
    ['v1', `${a}\trefs/heads/v1\n${b}\trefs/tags/v1\n`, 'branch', a],
    ['v1', `${b}\trefs/tags/other/refs/tags/v1\n${a}\trefs/tags/v1\n`, 'tag', a],
    [a, 'not asked', 'commit', a],
  ] as const) {
    const { actions } = await planOnce(git, { ...given, version }, worldWith({ refs }))
    const [run] = actions
    assert.ok(run?.kind === 'run')
    assert.deepEqual([run.argv[6], run.argv[8]], [kind, commit])
  }
})

test('another origin and another commit are changes of a tree', async () => {
  for (const tree of [{ commit: a }, { commit: b, origin: 'https://example.org/old.git' }])
    assert.equal((await planOnce(git, given, worldWith({ ...tree, refs: head }))).actions.length, 1)
})

test('changed files are refused, unless force discards them', async () => {
  const world = worldWith({ commit: a, changed: ' M x\nM  y\n', refs: head })
  const { refusal } = await planOnce(git, given, world)
  assert.equal(refusal?.message, '/srv/x has changes that a checkout would discard: x, y')
  assert.equal((await planOnce(git, { ...given, force: true }, world)).actions.length, 1)
  const same = worldWith({ commit: b, changed: ' M x\n', refs: head })
  assert.deepEqual((await planOnce(git, given, same)).actions, [])
  assert.equal((await planOnce(git, { ...given, force: true }, same)).actions.length, 1)
})

test('what git cannot do is refused', async () => {
  const other = worldWith({ refs: head })
  addFile(other, '/srv/x/readme', '')
  const without = worldWith()
  without.commands.delete('git')
  makeParents(without, '/srv/x')
  for (const [args, world, code] of [
    [given, other, 'directory-not-empty'],
    [given, without, 'program-missing'],
    [given, worldWith(), 'no-such-version'],
    [{ ...given, version: 'v9' }, worldWith({ refs: head }), 'no-such-version'],
    [{ ...given, version: a, depth: 1 }, worldWith(), 'invalid-argument'],
    [{ ...given, repo: 'https://user:token@example.org/x.git' }, worldWith(), 'secret-in-url'],
    [{ ...given, repo: 'https://token@example.org/x.git' }, worldWith(), 'secret-in-url'],
  ] as const)
    assert.equal((await planOnce(git, args, world)).refusal?.code, code)
  assert.equal(
    (await planOnce(git, { ...given, repo: 'ssh://git@x/y.git' }, worldWith({ refs: head }))).refusal,
    undefined,
  )
})

test('a repository that does not answer is a failure with the message of git', async () => {
  const world = worldWith({ commit: a })
  world.answer = (argv) =>
    argv[6] === 'ls-remote'
      ? { code: 128, stdout: '', stderr: "fatal: unable to access 'https://x/': Could not resolve host: x\n" }
      : { code: 0, stdout: '', stderr: '' }
  await assert.rejects(planOnce(git, given, world), /cannot read .*: unable to access .*resolve host: x/)
})
