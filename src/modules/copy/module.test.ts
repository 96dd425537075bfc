import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Host } from '../../host/host.ts'
import { converge, planOnce } from '../testing/converge.ts'
import { assertHas } from '../testing/has.ts'
import { addFile, fakeHost, fakeWorld, makeParents } from '../testing/fake-host.ts'
import { copy } from './module.ts'

test('copy writes the text and its attributes, and plans nothing afterwards', async () => {
  const world = fakeWorld()
  const run = await converge(copy, { dest: '/etc/x', content: 'a\n', mode: '0600', owner: 'app' }, world)
  assertHas(world.files.get('/etc/x'), { text: 'a\n', mode: '0600', owner: 'app' })
  assert.deepEqual(run.diffs, [{ title: '/etc/x', before: '', after: 'a\n' }])
  assert.equal(run.report['dest'], '/etc/x')
})

test('copy only sets attributes if the text is already correct', async () => {
  const world = fakeWorld({ '/etc/x': 'a\n' })
  const { actions } = await converge(copy, { dest: '/etc/x', content: 'a\n', mode: '0600' }, world)
  assert.deepEqual(actions, [{ kind: 'setAttributes', path: '/etc/x', mode: '0600' }])
})

test('copy sends the text of a small file of the controller, and keeps its name in a directory', async () => {
  const world = fakeWorld()
  world.controller.set('/play/files/tool.sh', '#!/bin/sh\n')
  makeParents(world, '/opt/x')
  const { actions } = await converge(copy, { dest: '/opt', src: '/play/files/tool.sh' }, world)
  assertHas(actions, [
    { kind: 'writeFile', path: '/opt/tool.sh', content: { kind: 'text', text: '#!/bin/sh\n' } },
  ])
  assert.equal(world.files.get('/opt/tool.sh')?.text, '#!/bin/sh\n')
})

test('copy sends a large or binary file of the controller by reference', async () => {
  const text = 'x'.repeat(33 * 1024)
  const world = fakeWorld()
  world.controller.set('/play/large', text)
  makeParents(world, '/opt/x')
  const { actions } = await converge(copy, { dest: '/opt/large', src: '/play/large' }, world)
  assertHas(actions, [
    { kind: 'writeFile', path: '/opt/large', content: { kind: 'controllerFile', size: text.length } },
  ])
  const controller: Host['controller'] = {
    file: async () => ({ sha256: 'that of the bytes', size: 1, mode: '0644' }),
    text: async () => '\u{fffd}',
  }
  const host: Host = Object.create(fakeHost(world), { controller: { value: controller } })
  const seen = await copy.probe(
    { dest: '/opt/b', src: '/play/b', force: true, backup: false, remote_src: false },
    host,
  )
  assert.equal(seen.source?.content.kind, 'controllerFile')
})

test('copy creates the directory if dest ends with a slash', async () => {
  const world = fakeWorld()
  world.controller.set('/play/a', 'a')
  const { actions } = await converge(copy, { dest: '/opt/new/', src: '/play/a' }, world)
  assert.deepEqual(
    actions.map(({ kind }) => kind),
    ['makeDirectory', 'writeFile'],
  )
  assert.ok(world.files.has('/opt/new/a'))
})

test('copy keeps a backup of the old text and passes the validator on', async () => {
  const world = fakeWorld({ '/etc/sudoers': 'old' })
  const { actions } = await converge(
    copy,
    { dest: '/etc/sudoers', content: 'new', backup: true, validate: "visudo -cf '%s'" },
    world,
  )
  assertHas(actions, [{ backup: true, validate: ['visudo', '-cf', '%s'] }])
})

test('copy writes through a link', async () => {
  const world = fakeWorld({ '/etc/real': 'old' })
  world.files.set('/etc/x', { kind: 'link', mode: '0777', owner: 'root', group: 'root', target: 'real' })
  await converge(copy, { dest: '/etc/x', content: 'new' }, world)
  assert.equal(world.files.get('/etc/real')?.text, 'new')
})

test('the diff of a binary file shows only its size', async () => {
  const world = fakeWorld()
  addFile(world, '/etc/x', 'a\0b')
  const plan = await planOnce(copy, { dest: '/etc/x', content: 'new' }, world)
  assert.equal(plan.diffs[0]?.before, '(3 bytes, binary)\n')
})

const refusals: readonly [says: string, args: Readonly<Record<string, unknown>>, message: RegExp][] = [
  ['a file that is missing on the controller', { dest: '/etc/x', src: '/play/none' }, /no file \/play\/none/],
  ['text for a directory', { dest: '/etc', content: 'x' }, /\/etc is a directory/],
  ['a missing directory', { dest: '/nowhere/x', content: 'x' }, /no directory \/nowhere/],
  ['an unclosed quote', { dest: '/etc/x', content: 'x', validate: "test '%s" }, /unclosed quote/],
]

for (const [says, args, message] of refusals) {
  test(`copy refuses ${says}`, async () => {
    const plan = await planOnce(copy, args, fakeWorld())
    assert.match(plan.refusal?.message ?? '', message)
  })
}

test('copy needs either src or content', async () => {
  await assert.rejects(planOnce(copy, { dest: '/x' }, fakeWorld()), /src/)
  await assert.rejects(planOnce(copy, { dest: '/x', src: 'a', content: 'b' }, fakeWorld()), /exactly one/)
})

test('with remote_src, copy copies a file of the host', async () => {
  const world = fakeWorld({ '/etc/from': 'text\n' })
  const given = { src: '/etc/from', dest: '/etc/to', remote_src: true, mode: '0600' }
  const { actions, diffs } = await converge(copy, given, world)
  assertHas(actions, [
    { kind: 'writeFile', path: '/etc/to', mode: '0600', content: { kind: 'hostFile', path: '/etc/from' } },
  ])
  assert.deepEqual(diffs, [{ title: '/etc/to', before: '', after: 'text\n' }])
  assert.equal(world.files.get('/etc/to')?.text, 'text\n')
  for (const src of ['/etc', '/etc/none', 'relative']) {
    const { refusal } = await planOnce(copy, { ...given, src }, world)
    assert.equal(refusal?.message, `there is no file ${src} on the host`)
  }
})

test('with force: false an existing file keeps its content, but not its mode, and a missing one is written', async () => {
  const world = fakeWorld({ '/etc/x': 'own' })
  const args = { content: 'ours', force: false, mode: '0600' }
  const { actions } = await converge(copy, { dest: '/etc/x', ...args }, world)
  assertHas(actions, [{ kind: 'setAttributes', mode: '0600' }])
  assert.equal(world.files.get('/etc/x')?.text, 'own')
  await converge(copy, { dest: '/etc/y', ...args }, world)
  assert.equal(world.files.get('/etc/y')?.text, 'ours')
})
