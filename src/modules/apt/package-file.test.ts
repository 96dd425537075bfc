import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { addFile, sha256 } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { apt } from './module.ts'
import { dkms, fakeApt } from './testing/fake-apt.ts'

test('a package file of the host is installed with its dependencies, unless its version is installed', async () => {
  const state = fakeApt({ ...dkms, tool: { version: '0', needs: ['kmod'] } }, {})
  addFile(state.world, '/srv/tool.deb', 'bytes')
  state.packageFiles.set('/srv/tool.deb', 'tool 2.0\n')
  const { actions, report } = await converge(apt, { deb: '/srv/tool.deb' }, state.world)
  assertHas(actions, [
    {
      label: 'install /srv/tool.deb',
      effects: [{ name: 'kmod' }, { name: 'tool', becomes: { installed: '2.0' } }, {}],
    },
  ])
  assert.match(state.ran[0] ?? '', / install \/srv\/tool\.deb$/)
  assert.deepEqual(report, { versions: { tool: '2.0' } })
  assert.deepEqual((await planOnce(apt, { deb: '/srv/tool.deb' }, state.world)).actions, [])
})

test('a package file is downloaded once, and again if its checksum is another', async () => {
  const url = 'https://vendor.example/pool/tool.deb'
  const state = fakeApt({ tool: { version: '0' } })
  state.world.http.set(url, { status: 200, length: 5, body: 'bytes' })
  const checksum = `sha256:${sha256('bytes')}`
  const first = await planOnce(apt, { deb: url, checksum }, state.world)
  assert.equal(first.stage, 'download the package')
  assertHas(first.actions, [
    { kind: 'makeDirectory', path: '/var/cache/gpuplay/packages' },
    { kind: 'download', url, sha256: sha256('bytes') },
  ])
  const [, download] = first.actions
  const path = download?.kind === 'download' ? download.path : ''
  assert.match(path, /^\/var\/cache\/gpuplay\/packages\/[0-9a-f]{16}-tool\.deb$/)
  state.packageFiles.set(path, 'tool 2.0\n')
  const { stages } = await converge(apt, { deb: url, checksum }, state.world)
  assert.deepEqual(stages, ['download the package'])
  assert.deepEqual((await planOnce(apt, { deb: url, checksum }, state.world)).actions, [])
  addFile(state.world, path, 'other')
  assert.equal((await planOnce(apt, { deb: url, checksum }, state.world)).stage, 'download the package')
})

test('a file that is missing, has another checksum or is no package is refused', async () => {
  const { world } = fakeApt({})
  addFile(world, '/srv/x.deb', 'x')
  const code = async (args: Readonly<Record<string, unknown>>): Promise<string | undefined> =>
    (await planOnce(apt, { deb: '/srv/x.deb', ...args }, world)).refusal?.code
  assert.equal(await code({ deb: '/srv/none.deb' }), 'file-not-found')
  assert.equal(await code({ checksum: `sha256:${sha256('y')}` }), 'checksum-mismatch')
  assert.equal(await code({}), 'not-a-package')
  await assert.rejects(code({ name: 'x' }), /name/)
  await assert.rejects(code({ deb: 'http://vendor.example/x.deb' }), /deb/)
})

test('a dry run that cannot read a package file says that it may be installed, and that packages may change', async () => {
  const { world } = fakeApt({})
  addFile(world, '/srv/x.deb', 'x')
  world.unknown.add('ask')
  const { actions, doubt } = await planOnce(apt, { deb: '/srv/x.deb' }, world)
  assert.notEqual(doubt, undefined)
  assertHas(actions, [
    {
      label: 'install /srv/x.deb',
      effects: [{ kind: 'unknown', resources: ['package:*'] }, { kind: 'brings' }],
    },
  ])
})
