import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { fakeWorld, makeParents, sha256, type FakeWorld } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { checksumIn, getUrl } from './module.ts'

const url = 'https://mirror.example/pool/tool.run'
const hex = sha256('tool')

function serving(status = 200): FakeWorld {
  const world = fakeWorld()
  world.http.set(url, { status, length: 4, body: 'tool' })
  world.http.set('https://mirror.example/SUMS', {
    status: 200,
    length: undefined,
    body: `${'0'.repeat(64)}  other.run\n${hex} *tool.run\n`,
  })
  makeParents(world, '/opt/x')
  return world
}

test('get_url downloads into a directory, verifies the checksum, and plans nothing afterwards', async () => {
  const world = serving()
  const args = { url, dest: '/opt', checksum: `sha256:${hex.toUpperCase()}`, mode: '0755', owner: 'app' }
  const { actions, report } = await converge(getUrl, args, world)
  assertHas(actions, [
    { kind: 'download', path: '/opt/tool.run', sha256: hex, size: 4, mode: '0755' },
    { kind: 'setAttributes', owner: 'app' },
  ])
  assert.deepEqual(report, { dest: '/opt/tool.run', url, checksum: hex })
  world.http.clear()
  assert.deepEqual((await converge(getUrl, args, world)).actions, [])
})

test('get_url downloads a file with another checksum again, and keeps it if no checksum is requested', async () => {
  const world = serving()
  await converge(getUrl, { url, dest: '/opt/x' }, world)
  world.files.set('/opt/x', { kind: 'file', text: 'old', mode: '0644', owner: 'root', group: 'root' })
  assert.deepEqual((await converge(getUrl, { url, dest: '/opt/x' }, world)).actions, [])
  const again = await converge(getUrl, { url, dest: '/opt/x', checksum: `sha256:${hex}` }, world)
  assert.equal(again.actions.length, 1)
})

test('with force, get_url replaces a file that is not the one of the server, and keeps an equal one', async () => {
  const world = serving()
  const args = { url, dest: '/opt/x', force: true }
  const put = (text: string): void =>
    void world.files.set('/opt/x', { kind: 'file', text, mode: '0644', owner: 'root', group: 'root' })
  assert.equal((await converge(getUrl, args, world)).actions.length, 1)
  put('tool')
  assert.deepEqual((await converge(getUrl, args, world)).actions, [])
  put('old')
  const { actions, report } = await converge(getUrl, args, world)
  assertHas(actions, [{ kind: 'download', sha256: hex }])
  assert.equal(report['checksum'], hex)
  put('old')
  world.http.set(url, { status: 403, length: undefined, body: '' })
  assert.equal((await planOnce(getUrl, args, world)).refusal?.code, 'http-status')
})

test('the time limit of a download is passed on', async () => {
  const plan = await planOnce(getUrl, { url, dest: '/opt/x', timeout: 90 }, serving())
  assertHas(plan.actions, [{ kind: 'download', timeout: 90 }])
})

test('get_url finds the checksum in a published list', async () => {
  const args = { url, dest: '/opt/', checksum: 'sha256:https://mirror.example/SUMS' }
  const { report } = await converge(getUrl, args, serving())
  assert.equal(report['checksum'], hex)
})

const refusals: readonly [status: number, code: string][] = [
  [0, 'download-unreachable'],
  [404, 'download-not-found'],
  [407, 'download-refused'],
  [503, 'download-unavailable'],
]

for (const [status, code] of refusals) {
  test(`if the server answers ${status}, get_url fails before it downloads`, async () => {
    assert.equal((await planOnce(getUrl, { url, dest: '/opt/x' }, serving(status))).refusal?.code, code)
  })
}

test('if a server does not support HEAD, get_url downloads anyway', async () => {
  assert.equal((await planOnce(getUrl, { url, dest: '/opt/x' }, serving(405))).actions.length, 1)
})

test('a checksum without a file name is accepted, one of another file is not', () => {
  assert.equal(checksumIn(`${hex}\n`, 'tool.run'), hex)
  assert.equal(checksumIn(`${hex}  other\n`, 'tool.run'), undefined)
})

test('get_url refuses credentials in URLs, and sends its own credentials only to the server of the URL', async () => {
  for (const wrong of [
    { url: 'https://token@mirror.example/x' },
    { url: 'https://ann:sesame@mirror.example/x' },
    { url, checksum: 'sha256:https://ann:sesame@mirror.example/SUMS' },
  ]) {
    const { refusal } = await planOnce(getUrl, { dest: '/opt/x', ...wrong }, serving())
    assert.equal(refusal?.code, 'secret-in-url')
    assert.match(refusal?.hint ?? '', /`username` and `password`/)
  }
  const login = { username: 'ann', password: 'sesame', headers: { 'X-Token': 'one' } }
  const { actions } = await converge(getUrl, { url, dest: '/opt/x', ...login }, serving())
  assertHas(actions, [{ kind: 'download', url, login }])
})
