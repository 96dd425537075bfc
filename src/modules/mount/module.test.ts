import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { fakeWorld, thingsOf, type FakeWorld } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { mount } from './module.ts'

const fstab = '/etc/fstab'
const args = { path: '/data', src: 'UUID=1', fstype: 'ext4', state: 'mounted' }
const line = 'UUID=1 /data ext4 defaults 0 0\n'

function worldWith(text: string, mounted = false): FakeWorld {
  const world = fakeWorld({ [fstab]: text, '/run/systemd/system/x': '' })
  if (mounted) thingsOf(world, 'mount').set('/data', { mounted: true, fstype: 'ext4' })
  return world
}

function words(actions: readonly { readonly kind: string }[]): readonly string[] {
  return actions.map((action) =>
    'argv' in action && Array.isArray(action.argv) ? action.argv.join(' ') : action.kind,
  )
}

test('a file system is mounted before its entry is written, and nothing is planned afterwards', async () => {
  const world = worldWith('')
  const { actions, report, diffs } = await converge(mount, args, world)
  assert.deepEqual(words(actions), [
    'makeDirectory',
    'mount -t ext4 -o defaults -- UUID=1 /data',
    'writeFile',
    'systemctl daemon-reload',
  ])
  assert.equal(world.files.get(fstab)?.text, line)
  assert.deepEqual(report, { path: '/data', mounted: true })
  assert.deepEqual(diffs, [
    { title: 'mount /data', before: 'not mounted\n', after: 'UUID=1 (ext4, defaults)\n' },
    { title: fstab, before: '', after: line },
  ])
  assert.deepEqual((await planOnce(mount, args, world)).actions, [])
})

test('present changes only the entry, unmounted only the mount, absent both', async () => {
  assert.deepEqual(words((await converge(mount, { ...args, state: 'present' }, worldWith(''))).actions), [
    'writeFile',
    'systemctl daemon-reload',
  ])
  const { path } = args
  assert.deepEqual(
    words((await converge(mount, { path, state: 'unmounted' }, worldWith(line, true))).actions),
    ['umount -- /data'],
  )
  assert.deepEqual(words((await converge(mount, { path, state: 'absent' }, worldWith(line, true))).actions), [
    'umount -- /data',
    'writeFile',
    'systemctl daemon-reload',
  ])
  assert.deepEqual((await planOnce(mount, { path, state: 'absent' }, worldWith(''))).actions, [])
})

test('other options are set by a remount, another device by a new mount', async () => {
  const options = await converge(mount, { ...args, opts: 'noatime' }, worldWith(line, true))
  assert.equal(words(options.actions)[0], 'mount -o remount,noatime /data')
  const device = await converge(mount, { ...args, src: 'UUID=2' }, worldWith(line, true))
  assert.deepEqual(words(device.actions).slice(0, 2), [
    'umount -- /data',
    'mount -t ext4 -o defaults -- UUID=2 /data',
  ])
})

test('a bind mount has no type, and systemd is reloaded only if it runs', async () => {
  const world = fakeWorld({ [fstab]: '', '/data/x': '' })
  const { actions } = await converge(mount, { ...args, src: '/srv', fstype: 'none', opts: 'bind' }, world)
  assert.deepEqual(words(actions), ['mount -o bind -- /srv /data', 'writeFile'])
})

test('several entries for one path are refused', async () => {
  const { refusal } = await planOnce(mount, args, worldWith(line + line))
  assert.equal(refusal?.message, '/etc/fstab has 2 entries for /data')
})

test('what is mounted, and its type, must be named', () => {
  assert.throws(() => completed(mount, { path: '/data', state: 'mounted' }))
  assert.throws(() => completed(mount, { ...args, path: 'none' }))
  assertHas(completed(mount, { path: '/data', state: 'absent' }), { opts: 'defaults' })
})
