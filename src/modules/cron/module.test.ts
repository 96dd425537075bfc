import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { addFile, fakeWorld, thingsOf, type FakeWorld } from '../testing/fake-host.ts'
import { cron } from './module.ts'

const path = '/etc/cron.d/scrub-disks'
const args = { name: 'scrub disks', job: '/usr/bin/scrub --all' }

function worldWith(files: Readonly<Record<string, string>> = {}): FakeWorld {
  const world = fakeWorld({ '/etc/cron.d/other': '', ...files })
  world.commands.set('cron', '/usr/sbin/cron')
  const root = { exists: true, uid: 0, group: 'root', comment: '', home: '/root', shell: '/bin/sh' }
  thingsOf(world, 'user').set('root', { ...root, groups: [], password: '*' })
  return world
}

test('a job is written, changed, disabled and removed, and nothing is planned in between', async () => {
  const world = worldWith()
  const { report, diffs } = await converge(
    cron,
    { ...args, minute: 0, hour: '*/6', weekday: 'mon-fri' },
    world,
  )
  const text = '# Written by gpuplay.\n0 */6 * * mon-fri root /usr/bin/scrub --all\n'
  assert.equal(world.files.get(path)?.text, text)
  assert.deepEqual([report, diffs], [{ path }, [{ title: path, before: '', after: text }]])
  await converge(cron, { ...args, special_time: 'daily', disabled: true }, world)
  assert.equal(world.files.get(path)?.text, '# Written by gpuplay.\n#@daily root /usr/bin/scrub --all\n')
  await converge(cron, { name: 'scrub disks', state: 'absent' }, world)
  assert.equal(world.files.has(path), false)
  assert.deepEqual((await planOnce(cron, { name: 'scrub disks', state: 'absent' }, world)).actions, [])
})

test('a mode that cron does not accept is corrected', async () => {
  const world = worldWith()
  await converge(cron, args, world)
  addFile(world, path, world.files.get(path)?.text ?? '', { mode: '0664' })
  assert.equal((await converge(cron, args, world)).actions.length, 1)
  assert.equal(world.files.get(path)?.mode, '0644')
})

test('a host without cron, and an unknown user, are refused', async () => {
  const world = worldWith()
  assert.equal(
    (await planOnce(cron, { ...args, user: 'bob' }, world)).refusal?.message,
    'there is no user bob',
  )
  world.commands.delete('cron')
  assert.equal((await planOnce(cron, args, world)).refusal?.message, 'the host has no cron')
})

test('a job of two lines, a field with a space, and a file that cron would ignore are mistakes', () => {
  for (const wrong of [
    { ...args, job: 'a\nb' },
    { ...args, minute: '0 0' },
    { ...args, name: 'a.b' },
    { name: 'x' },
  ])
    assert.throws(() => completed(cron, wrong), JSON.stringify(wrong))
})
