import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unknown, UnknownError } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import { addFile, fakeWorld, type FakeWorld, fakeHost } from '../testing/fake-host.ts'
import { converge } from '../testing/converge.ts'
import { nvidiaPersistenceDaemon } from './module.ts'

const own = 'gpuplay-nvidia-persistenced.service'
const other = 'nvidia-persistenced.service'

interface Node {
  readonly shipped?: boolean
  readonly loaded?: boolean
  readonly active?: string
}

function node({ shipped = true, loaded = true, active }: Node): FakeWorld {
  const world = fakeWorld()
  if (shipped) addFile(world, '/usr/bin/nvidia-persistenced', '')
  world.kernelModules.set('nvidia', { loaded, version: loaded ? '580.95.05' : undefined, users: 0 })
  for (const name of [own, other])
    world.units.set(name, {
      exists: true,
      active: name === active ? 'active' : 'inactive',
      enabled: 'static',
    })
  return world
}

async function commands(given: Node, state?: 'stopped'): Promise<readonly string[]> {
  const run = await converge(nvidiaPersistenceDaemon, state ? { state } : {}, node(given))
  return run.actions.map((action) => (action.kind === 'run' ? action.argv.join(' ') : action.kind))
}

test('the daemon of a loaded driver is started, and stopped on request', async () => {
  assert.deepEqual(await commands({}), [`systemctl start ${own}`])
  assert.deepEqual(await commands({ active: own }), [])
  assert.deepEqual(await commands({ active: own }, 'stopped'), [`systemctl stop ${own}`])
  assert.deepEqual(await commands({}, 'stopped'), [])
})

test('a driver without the daemon, one that is not loaded, and a daemon of another unit stay as they are', async () => {
  assert.deepEqual(await commands({ shipped: false }), [])
  assert.deepEqual(await commands({ loaded: false }), [])
  assert.deepEqual(await commands({ active: other }), [])
  assert.deepEqual(await commands({ active: other }, 'stopped'), [])
})

test('whether the daemon runs is unknown in a dry run that reboots the node first', async () => {
  const rebooted = new Unknown('"reboot the node" runs first')
  const host: Host = {
    ...fakeHost(node({}), 'pve1'),
    unit: () => Promise.resolve({ exists: true, active: rebooted, enabled: 'static' }),
  }
  await assert.rejects(nvidiaPersistenceDaemon.probe({ state: 'started' }, host), UnknownError)
})
