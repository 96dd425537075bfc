import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostError } from '../base/errors.ts'
import { aptRepository } from '../modules/apt-repository/module.ts'
import { apt } from '../modules/apt/module.ts'
import { getUrl } from '../modules/get-url/module.ts'
import { planOnce } from '../modules/testing/converge.ts'
import { addFile, fakeHost, fakeWorld, type FakeWorld } from '../modules/testing/fake-host.ts'
import { lackFor, lackForApt } from './network.ts'

const heading = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n'
const route = 'eth0\t00000000\t0100000A\t0003\t0\t0\t0\t00000000\t0\t0\t0\n'
const zero = '0'.repeat(32)
const route6 = (destination: string, device: string): string =>
  `${destination.padEnd(32, '0')} 40 ${zero} 00 ${zero} 00000100 00000001 00000000 00000001 ${device}\n`
const linkLocal = route6('fe80', 'eth0') + route6('ff', 'eth0') + route6('', 'lo')

function worldOf(four: string | undefined, six = linkLocal): FakeWorld {
  const world = fakeWorld()
  if (four !== undefined) addFile(world, '/proc/net/route', four)
  addFile(world, '/proc/net/ipv6_route', six)
  world.ctid = '101'
  return world
}

const address = 'http://192.0.2.1/x'
const url = 'https://mirror.example/x'

/** A container with an address whose name servers know these names. */
function resolving(...known: readonly string[]): FakeWorld & { readonly asked: string[] } {
  const asked: string[] = []
  const world = worldOf(heading + route)
  world.answer = (argv) => {
    if (argv[0] !== 'getent') return undefined
    asked.push(argv.slice(2).join(' '))
    const found = argv.slice(2).filter((name) => known.includes(name))
    return { code: found.length === argv.length - 2 ? 0 : 2, stdout: found.join('\n'), stderr: '' }
  }
  return Object.assign(world, { asked })
}

test('a container without a route has no address yet; link-local ones do not count', async () => {
  const lacks = async (world: FakeWorld): Promise<boolean> =>
    (await lackFor(address, '', fakeHost(world))) === 'address'
  assert.equal(await lacks(worldOf(heading)), true)
  assert.equal(await lacks(worldOf(heading + route)), false)
  assert.equal(await lacks(worldOf(heading, linkLocal + route6('20010db8', 'eth0'))), false)
  assert.equal(await lacks(worldOf(undefined)), false)
  assert.equal(await lacks(Object.assign(worldOf(heading), { ctid: undefined })), false)
})

test('a package is not downloaded before the container has an address', async () => {
  const world = worldOf(heading)
  const waiting = await planOnce(apt, { name: 'jq' }, world)
  assert.deepEqual([waiting.actions, waiting.settle?.why], [[], 'the container has no network address yet'])
  addFile(world, '/proc/net/route', heading + route)
  assert.equal((await planOnce(apt, { name: 'jq' }, world)).stage, 'update the package lists')
  const removing = worldOf(heading)
  removing.packages.set('jq', { installed: '1', status: 'installed' })
  assert.equal((await planOnce(apt, { name: 'jq', state: 'absent' }, removing)).settle, undefined)
})

test('a name is looked up, of a proxy only its own, and no address', async () => {
  const lack = (
    world: FakeWorld,
    ...[at, proxy = '']: readonly [string, string?]
  ): ReturnType<typeof lackFor> => lackFor(at, proxy, fakeHost(world))
  assert.equal(await lack(resolving(), url), 'names')
  assert.equal(await lack(resolving('mirror.example'), url), undefined)
  assert.equal(await lack(resolving('proxy.lan'), url, 'http://ann:x@proxy.lan:3128'), undefined)
  assert.equal(await lack(resolving('mirror.example'), url, 'http://proxy.lan:3128'), 'names')
  for (const at of [address, 'http://[2001:db8::1]:80/x', 'file:/srv/mirror', 'cdrom:[Debian]/'])
    assert.equal(await lack(resolving(), at), undefined, at)
  assert.equal(await lack(Object.assign(resolving(), { ctid: undefined }), url), undefined)
  assert.equal(
    await lack(Object.assign(resolving(), { answer: () => undefined }), url),
    undefined,
    'no getent',
  )
})

test('a name server that does not answer in time does not fail the task', async () => {
  const host = fakeHost(resolving())
  const silent = {
    ...host,
    ask: () => Promise.reject(new HostError({ code: 'read-failed', message: 'late' })),
  }
  assert.equal(await lackFor(url, '', silent), 'names')
})

test('for apt, one of its servers is enough, and a proxy of its own resolves all names', async () => {
  const world = resolving('b.example')
  addFile(world, '/etc/apt/sources.list', 'deb http://a.example/debian bookworm main\n')
  addFile(world, '/etc/apt/sources.list.d/b.list', 'deb https://b.example/ ./\n')
  const lack = (given: { readonly proxy: string; readonly url?: string }): ReturnType<typeof lackForApt> =>
    lackForApt(fakeHost(world), given)
  assert.equal(await lack({ proxy: '' }), undefined)
  assert.deepEqual(world.asked, ['a.example b.example'])
  assert.equal(await lack({ proxy: '', url: 'http://a.example/debian' }), 'names')
  assert.equal(await lack({ proxy: 'http://c.example:3142' }), 'names')
  for (const [text, lacked] of [
    ['Acquire::http::Proxy "http://10.0.0.1:3142";\n', undefined],
    ['Acquire {\n  http {\n    Proxy "http://10.0.0.1:3142";\n  }\n}\n', undefined],
    ['Acquire::http::Proxy-Auto-Detect "/usr/bin/auto-apt-proxy";\n', undefined],
    ['Acquire::http::Proxy::a.example "DIRECT";\n', undefined],
    ['// Acquire::http::Proxy "http://10.0.0.1:3142";\n# Proxy "x"\nAcquire::http::Proxy "";\n', 'names'],
  ] as const) {
    addFile(world, '/etc/apt/apt.conf.d/90proxy', text)
    assert.equal(await lack({ proxy: '', url: 'http://a.example/debian' }), lacked, text)
  }
})

test('a key or a file is not downloaded before names are resolved', async () => {
  const late = 'the container cannot resolve names yet'
  const file = { url, dest: '/opt/x' }
  const repository = { name: 'x', uris: [url], suites: ['./'], signed_by: `${url}.asc` }
  assert.equal((await planOnce(getUrl, file, resolving())).settle?.why, late)
  assert.equal((await planOnce(aptRepository, repository, resolving())).settle?.why, late)
  const sums = { ...file, checksum: 'sha256:https://mirror.example/SUMS' }
  assert.equal((await planOnce(getUrl, sums, resolving())).settle?.why, late)
  const ready = resolving('mirror.example')
  ready.http.set(url, { status: 200, length: 1, body: 'x' })
  assert.equal((await planOnce(getUrl, file, ready)).actions[0]?.kind, 'download')
})
