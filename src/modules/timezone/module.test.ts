import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { addFile, fakeWorld, type FakeWorld } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { timezone } from './module.ts'

function worldWith(target: string, files: Readonly<Record<string, string>> = {}): FakeWorld {
  const world = fakeWorld({
    '/usr/share/zoneinfo/Europe/Berlin': 'TZif',
    '/usr/share/zoneinfo/Etc/UTC': 'TZif',
    ...files,
  })
  addFile(world, '/etc/localtime', '', { kind: 'link', target })
  return world
}

test('the link and the file of Debian are changed, and nothing is planned afterwards', async () => {
  const world = worldWith('/usr/share/zoneinfo/Etc/UTC', { '/etc/timezone': 'Etc/UTC\n' })
  const { actions, report, diffs } = await converge(timezone, { name: 'Europe/Berlin' }, world)
  assertHas(actions, [
    { kind: 'makeLink', path: '/etc/localtime', target: '/usr/share/zoneinfo/Europe/Berlin' },
    { kind: 'writeFile', path: '/etc/timezone' },
  ])
  assert.equal(world.files.get('/etc/timezone')?.text, 'Europe/Berlin\n')
  assert.deepEqual(report, { name: 'Europe/Berlin' })
  assert.deepEqual(diffs[0], { title: 'time zone', before: 'Etc/UTC\n', after: 'Europe/Berlin\n' })
  assert.deepEqual((await planOnce(timezone, { name: 'Europe/Berlin' }, world)).actions, [])
})

test('a relative link is understood, and /etc/timezone is not created', async () => {
  const world = worldWith('../usr/share/zoneinfo/Europe/Berlin')
  assert.deepEqual((await planOnce(timezone, { name: 'Europe/Berlin' }, world)).actions, [])
  await converge(timezone, { name: 'Etc/UTC' }, world)
  assert.equal(world.files.has('/etc/timezone'), false)
})

test('a copy of a time zone is replaced by a link', async () => {
  const world = worldWith('')
  addFile(world, '/etc/localtime', 'TZif')
  const { actions } = await converge(timezone, { name: 'Etc/UTC' }, world)
  assertHas(actions, [{ kind: 'remove' }, { kind: 'makeLink' }])
})

test('a time zone that the host does not have is refused', async () => {
  const world = worldWith('/usr/share/zoneinfo/Etc/UTC')
  const { refusal } = await planOnce(timezone, { name: 'Europe/Nowhere' }, world)
  assert.equal(refusal?.message, 'the host has no time zone Europe/Nowhere')
  assert.throws(() => completed(timezone, { name: '../etc/passwd' }))
})
