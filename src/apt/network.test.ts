import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apt } from '../modules/apt/module.ts'
import { planOnce } from '../modules/testing/converge.ts'
import { addFile, fakeHost, fakeWorld, type FakeWorld } from '../modules/testing/fake-host.ts'
import { lacksAddress } from './network.ts'

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

test('a container without a route has no address yet; link-local ones do not count', async () => {
  const lacks = (world: FakeWorld): Promise<boolean> => lacksAddress(fakeHost(world))
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
