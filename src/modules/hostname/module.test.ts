import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { addFile, fakeWorld, type FakeWorld } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { hostname } from './module.ts'

function worldWith(files: Readonly<Record<string, string>> = {}): FakeWorld {
  return fakeWorld({ '/proc/sys/kernel/hostname': 'old\n', '/etc/hostname': 'old\n', ...files })
}

test('the name is set now and at boot, and nothing is planned afterwards', async () => {
  const world = worldWith()
  const { actions, report, diffs } = await converge(hostname, { name: 'gpu1.example.com' }, world)
  assertHas(actions, [
    { kind: 'writeFile', path: '/etc/hostname' },
    { argv: ['hostname', 'gpu1.example.com'], label: 'set the host name to gpu1.example.com' },
  ])
  assert.equal(world.files.get('/proc/sys/kernel/hostname')?.text, 'gpu1.example.com\n')
  assert.deepEqual(report, { name: 'gpu1.example.com' })
  assert.deepEqual(
    diffs.map(({ title, before, after }) => [title, before, after]),
    [
      ['/etc/hostname', 'old\n', 'gpu1.example.com\n'],
      ['host name', 'old\n', 'gpu1.example.com\n'],
    ],
  )
  assert.deepEqual((await planOnce(hostname, { name: 'gpu1.example.com' }, world)).actions, [])
})

test('only what differs is set', async () => {
  const { actions } = await planOnce(hostname, { name: 'old' }, worldWith({ '/etc/hostname': 'other\n' }))
  assertHas(actions, [{ kind: 'writeFile' }])
})

test('a node of Proxmox VE is not renamed', async () => {
  const world = worldWith({ '/etc/pve/nodes/old/x': '' })
  const { refusal } = await planOnce(hostname, { name: 'new' }, world)
  assert.equal(
    refusal?.message,
    'cannot rename the Proxmox VE node old: its guests and its membership in a cluster belong to its name',
  )
  assert.equal((await planOnce(hostname, { name: 'old' }, world)).refusal, undefined)
})

test('a container is referred to its configuration, unless Proxmox VE leaves its name alone', async () => {
  const world = worldWith()
  world.ctid = '101'
  const { refusal } = await planOnce(hostname, { name: 'new' }, world)
  assert.equal(refusal?.message, 'Proxmox VE sets the name of a container at each start')
  addFile(world, '/etc/.pve-ignore.hostname', '')
  assert.equal((await converge(hostname, { name: 'new' }, world)).actions.length, 2)
})

test('a name that is not one of a host is a mistake', () => {
  for (const name of ['-a', 'a_b', 'a..b', 'a.', '', 'x'.repeat(65), 'a\nb'])
    assert.throws(() => completed(hostname, { name }), name)
})
