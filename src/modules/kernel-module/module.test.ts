import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { kernelModule } from './module.ts'

test('a module is loaded now and at boot, and nothing is planned afterwards', async () => {
  const world = fakeWorld()
  const { report } = await converge(kernelModule, { name: 'nvidia-uvm', params: 'a=1' }, world)
  assert.match(world.files.get('/etc/modules-load.d/gpuplay-nvidia-uvm.conf')?.text ?? '', /\nnvidia-uvm\n$/)
  assert.match(
    world.files.get('/etc/modprobe.d/gpuplay-module-nvidia-uvm.conf')?.text ?? '',
    /\noptions nvidia-uvm a=1\n$/,
  )
  assert.deepEqual(report, { loaded: true })
})

test('a module is blacklisted, and its file for boot is removed', async () => {
  const world = fakeWorld({ '/etc/modules-load.d/gpuplay-nouveau.conf': 'nouveau\n' })
  world.kernelModules.set('nouveau', { loaded: true, version: undefined, users: 0 })
  await converge(kernelModule, { name: 'nouveau', state: 'blacklisted' }, world)
  assert.equal(world.files.has('/etc/modules-load.d/gpuplay-nouveau.conf'), false)
  assert.match(
    world.files.get('/etc/modprobe.d/gpuplay-module-nouveau.conf')?.text ?? '',
    /blacklist nouveau\ninstall nouveau \/bin\/false\n/,
  )
  assert.equal(world.kernelModules.get('nouveau')?.loaded, false)
})

test('a module in use is blacklisted from the next boot; unloading it is refused', async () => {
  const world = fakeWorld()
  world.kernelModules.set('nouveau', { loaded: true, version: undefined, users: 2 })
  const { end } = await converge(kernelModule, { name: 'nouveau', state: 'blacklisted' }, world)
  assert.deepEqual(end.warnings, ['nouveau is in use and stays loaded until the next boot'])
  const { refusal } = await planOnce(kernelModule, { name: 'nouveau', state: 'unloaded' }, world)
  assert.equal(refusal?.code, 'module-in-use')
})

test('in a container, the module is refused with a reference to the node', async () => {
  const world = fakeWorld()
  world.ctid = '101'
  assert.equal(
    (await planOnce(kernelModule, { name: 'fuse' }, world)).refusal?.code,
    'no-kernel-in-containers',
  )
})
