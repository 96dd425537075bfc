import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { iniFile } from './module.ts'

const path = '/etc/systemd/journald.conf'
const args = { path, section: 'Journal', option: 'SystemMaxUse', value: '1G', no_extra_spaces: true }

test('ini_file sets an option, removes it, and plans nothing in between', async () => {
  const world = fakeWorld({ [path]: '[Journal]\n#SystemMaxUse=\n' })
  const { actions, diffs } = await converge(iniFile, args, world)
  assert.deepEqual(
    actions.map(({ kind, label }) => [kind, label]),
    [['writeFile', `set SystemMaxUse in ${path}`]],
  )
  assert.equal(world.files.get(path)?.text, '[Journal]\n#SystemMaxUse=\nSystemMaxUse=1G\n')
  assert.equal(diffs[0]?.after, '[Journal]\n#SystemMaxUse=\nSystemMaxUse=1G\n')
  assert.deepEqual((await converge(iniFile, args, world)).actions, [])
  const { path: _, section, option } = args
  await converge(iniFile, { path, section, option, state: 'absent' }, world)
  assert.equal(world.files.get(path)?.text, '[Journal]\n#SystemMaxUse=\n')
})

test('a missing file is created, unless create is false', async () => {
  const world = fakeWorld({ '/etc/systemd/x': '' })
  await converge(iniFile, { ...args, value: 3, mode: '0600' }, world)
  assert.equal(world.files.get(path)?.text, '[Journal]\nSystemMaxUse=3\n')
  const refused = await planOnce(iniFile, { ...args, create: false }, fakeWorld())
  assert.equal(refused.refusal?.code, 'file-not-found')
  const gone = await planOnce(iniFile, { path, section: 'Journal', state: 'absent' }, fakeWorld())
  assert.deepEqual([gone.actions, gone.refusal], [[], undefined])
})

test('an option needs a value, unless it is allowed to have none', async () => {
  const { value: _, ...without } = args
  const world = fakeWorld({ [path]: '[Journal]\n' })
  const { refusal } = await planOnce(iniFile, without, world)
  assert.equal(refusal?.message, '`value` is required unless `state` is `absent`')
  await converge(iniFile, { ...without, allow_no_value: true }, world)
  assert.equal(world.files.get(path)?.text, '[Journal]\nSystemMaxUse\n')
})

test('a value without an option, and neither section nor option, are mistakes', () => {
  assert.throws(() => completed(iniFile, { path }))
  assert.throws(() => completed(iniFile, { path, section: 'x', value: '1' }))
  assert.throws(() => completed(iniFile, { path, option: 'a=b', value: '1' }))
})
