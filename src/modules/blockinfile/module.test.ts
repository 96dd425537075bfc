import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { blockinfile } from './module.ts'

const path = '/etc/hosts'
const block = '192.0.2.1 a\n192.0.2.2 b\n'
const text =
  '127.0.0.1 localhost\n# BEGIN gpuplay managed block\n192.0.2.1 a\n192.0.2.2 b\n# END gpuplay managed block\n'

test('blockinfile adds a block, changes it, removes it, and plans nothing in between', async () => {
  const world = fakeWorld({ [path]: '127.0.0.1 localhost\n' })
  const { diffs } = await converge(blockinfile, { path, block, backup: true }, world)
  assert.equal(world.files.get(path)?.text, text)
  assert.deepEqual(diffs, [{ title: path, before: '127.0.0.1 localhost\n', after: text }])
  assert.deepEqual((await converge(blockinfile, { path, block }, world)).actions, [])
  const { actions } = await converge(blockinfile, { path, state: 'absent' }, world)
  assertHas(actions, [{ kind: 'writeFile', label: 'remove the block from /etc/hosts' }])
  assert.equal(world.files.get(path)?.text, '127.0.0.1 localhost\n')
})

test('an empty block is removed', async () => {
  const world = fakeWorld({ [path]: text })
  await converge(blockinfile, { path, block: '' }, world)
  assert.equal(world.files.get(path)?.text, '127.0.0.1 localhost\n')
})

test('a block of Ansible is taken over with its marker', async () => {
  const world = fakeWorld({ [path]: '# BEGIN ANSIBLE MANAGED BLOCK\nold\n# END ANSIBLE MANAGED BLOCK\n' })
  await converge(blockinfile, { path, block: 'new', marker: '# {mark} ANSIBLE MANAGED BLOCK' }, world)
  assert.equal(
    world.files.get(path)?.text,
    '# BEGIN ANSIBLE MANAGED BLOCK\nnew\n# END ANSIBLE MANAGED BLOCK\n',
  )
})

test('a missing file is created only if requested, and needs no removal', async () => {
  const missing = '/etc/new'
  assert.equal(
    (await planOnce(blockinfile, { path: missing, block }, fakeWorld())).refusal?.code,
    'file-not-found',
  )
  const gone = await planOnce(blockinfile, { path: missing, state: 'absent' }, fakeWorld())
  assert.deepEqual([gone.actions, gone.refusal], [[], undefined])
  const world = fakeWorld()
  await converge(blockinfile, { path: missing, block: 'x', create: true, mode: '0600' }, world)
  assertHas(world.files.get(missing), { mode: '0600' })
})

test('a file with a damaged block is refused', async () => {
  const world = fakeWorld({ [path]: '# BEGIN gpuplay managed block\nx\n' })
  const { refusal } = await planOnce(blockinfile, { path, block }, world)
  assert.equal(
    refusal?.message,
    '/etc/hosts: there is a line "# BEGIN gpuplay managed block", but no line "# END gpuplay managed block"',
  )
  assert.equal(refusal?.hint, 'correct the file by hand, or use another `marker`')
})

test('a marker without {mark} is a mistake', () => {
  assert.throws(() => completed(blockinfile, { path, block, marker: '# mine' }), /marker/)
})
