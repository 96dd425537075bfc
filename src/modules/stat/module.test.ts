import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge } from '../testing/converge.ts'
import { addFile, fakeWorld, sha256 } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { stat } from './module.ts'

test('stat reports the state of a path and changes nothing', async () => {
  const { report, actions } = await converge(stat, { path: '/etc/x' }, fakeWorld({ '/etc/x': 'a' }))
  assert.deepEqual(actions, [])
  assert.deepEqual(report['stat'], {
    exists: true,
    path: '/etc/x',
    isreg: true,
    isdir: false,
    islnk: false,
    ischr: false,
    isblk: false,
    mode: '0644',
    size: 1,
    uid: 0,
    gid: 0,
    pw_name: 'root',
    gr_name: 'root',
    checksum: sha256('a'),
  })
  const none = await converge(stat, { path: '/etc/none' }, fakeWorld())
  assert.deepEqual(none.report, { stat: { exists: false } })
})

test('stat reads a link itself or its target', async () => {
  const world = fakeWorld({ '/etc/x': 'a' })
  addFile(world, '/etc/link', '', { kind: 'link', target: 'x' })
  const itself = await converge(stat, { path: '/etc/link' }, world)
  assertHas(itself.report, { stat: { islnk: true, isreg: false, lnk_target: 'x' } })
  const followed = await converge(stat, { path: '/etc/link', follow: true }, world)
  assertHas(followed.report, { stat: { islnk: false, isreg: true, checksum: sha256('a') } })
})
