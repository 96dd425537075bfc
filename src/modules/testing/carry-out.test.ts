import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unknown } from '../../base/unknown.ts'
import type { Effect } from '../../host/action.ts'
import { carryOutFake } from './carry-out.ts'
import { fakeHost, fakeWorld } from './fake-host.ts'

test('the declared effects of a program are applied to a fake host', async () => {
  const world = fakeWorld({ '/etc/old': 'old', '/etc/keep': 'before' })
  world.files.set('/etc/keep', { kind: 'file', text: 'before', mode: '0600', owner: 'root', group: 'root' })
  const effects: readonly Effect[] = [
    { kind: 'file', name: '/etc/new', becomes: { kind: 'file', text: 'exactly this', mode: '0640' } },
    { kind: 'file', name: '/etc/keep', becomes: { kind: 'file', text: 'after' } },
    { kind: 'file', name: '/etc/old', becomes: { kind: 'absent' } },
    { kind: 'file', name: '/etc/link', becomes: { kind: 'link', target: 'new' } },
    { kind: 'file', name: '/etc/d', becomes: { kind: 'directory' } },
    { kind: 'file', name: '/etc/made', becomes: new Unknown('it makes it') },
    { kind: 'package', name: 'dkms', becomes: { installed: '3.0' } },
    { kind: 'unit', name: 'ssh', becomes: { active: 'active' } },
    { kind: 'kernelModule', name: 'nvidia-uvm', becomes: { loaded: true } },
    { kind: 'container', name: '101', becomes: { status: 'running' } },
  ]
  assert.deepEqual(carryOutFake(world, { kind: 'run', argv: ['x'], effects }), {
    code: 0,
    stdout: '',
    stderr: '',
  })
  const host = fakeHost(world)
  assert.equal(await host.text('/etc/link'), 'exactly this')
  assert.equal((await host.stat('/etc/new'))?.mode, '0640')
  assert.equal(await host.text('/etc/keep'), 'after')
  assert.equal((await host.stat('/etc/keep'))?.mode, '0600')
  assert.deepEqual(await host.list('/etc'), ['d', 'keep', 'link', 'made', 'new'])
  assert.equal((await host.package('dkms')).installed, '3.0')
  assert.equal((await host.unit('ssh.service')).active, 'active')
  assert.equal((await host.kernelModule('nvidia_uvm')).loaded, true)
  assert.equal((await host.container('101'))?.status, 'running')
})
