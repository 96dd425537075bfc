import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { test } from 'node:test'
import { isUnknown, Unknown } from '../base/unknown.ts'
import type { Action, Effect } from './action.ts'
import { createOverlay } from './overlay.ts'
import { packageStates } from './questions/packages.ts'
import { machineType } from './questions/system.ts'
import { ct, node } from './testing/places.ts'
import { reader, rejectsUnknown } from './testing/predicted.ts'
import { writeAction } from './testing/steps.ts'
import { cat } from './testing/questions.ts'
import { scratch } from './testing/scratch.ts'

test('an absent resource that a package could create is unknown; others, and existing ones, are known', async () => {
  const overlay = createOverlay()
  overlay.apply(node, {
    kind: 'run',
    argv: ['apt-get', 'install', 'nvtop'],
    effects: [
      { kind: 'package', name: 'nvtop', becomes: { installed: '3.0' } },
      { kind: 'brings', what: 'nvtop' },
    ],
  })
  const { host } = reader(overlay)
  assert.equal((await host.package('nvtop')).installed, '3.0')
  assert.ok(await host.text('/etc/passwd'))
  await rejectsUnknown(host.stat('/etc/nvtop.conf'), /nvtop may install it/)
  await rejectsUnknown(host.command('no-such-program'), /nvtop may install it/)
  await rejectsUnknown(host.list('/etc/apt'), /nvtop may install it/)
  await rejectsUnknown(host.ask(packageStates({ patterns: [] })), /nvtop/)
  for (const path of [
    '/etc/modprobe.d/gpuplay.conf',
    '/usr/local/bin/none',
    '/etc/pve/lxc/1.conf',
    '/etc/systemd/system/none@.service.d/own.conf',
    '/srv/none',
    '/var/log/pve/tasks/none',
    '/var/lib/pve-manager/none.json',
    '/etc/corosync/none.conf',
  ]) {
    assert.equal(await host.stat(path), undefined, path)
  }
  overlay.apply(node, writeAction('/etc/nvtop.conf', 'known again'))
  assert.equal(await host.text('/etc/nvtop.conf'), 'known again')
  assert.match(await host.ask(machineType), /^[a-z0-9_]+$/)
})

test('a resource that was declared unknown stays unknown until a later effect', async () => {
  using dir = scratch()
  writeFileSync(dir.path('a'), 'live')
  const overlay = createOverlay()
  const { host } = reader(overlay)
  overlay.apply(node, writeAction(dir.path('a'), 'first'))
  overlay.apply(node, {
    kind: 'run',
    argv: ['x'],
    effects: [
      {
        kind: 'unknown',
        resources: [`file:${dir.directory}/*`, 'unit:a.service*'],
        why: 'x does as it likes',
      },
    ],
  })
  await rejectsUnknown(host.text(dir.path('a')), /x does as it likes/)
  await rejectsUnknown(host.list(dir.directory), /x does as it likes/)
  await rejectsUnknown(host.ask(cat(dir.path('a'))), /x does as it likes/)
  overlay.apply(node, { kind: 'setAttributes', path: dir.path('a'), mode: '0600' })
  await rejectsUnknown(host.stat(dir.path('a')), /x does as it likes/)
  overlay.apply(node, writeAction(dir.path('a'), 'second'))
  assert.equal(await host.text(dir.path('a')), 'second')
  const unit: Action = {
    kind: 'run',
    argv: ['y'],
    effects: [{ kind: 'unit', name: 'a.service', becomes: { enabled: 'enabled' } }],
  }
  overlay.apply(node, unit)
  const status = await host.unit('a.service')
  assert.equal(status.enabled, 'enabled')
  assert.ok(isUnknown(status.active))
})

test('effects that wait for a reboot apply after it, and resources that each boot creates are unknown', async () => {
  const overlay = createOverlay()
  const { host } = reader(overlay)
  overlay.apply(node, {
    kind: 'run',
    argv: ['install'],
    effects: [
      {
        kind: 'kernelModule',
        name: 'nvidia',
        becomes: { loaded: true, version: '580.95.05' },
        afterBoot: true,
      },
    ],
  })
  assert.equal((await host.kernelModule('nvidia')).loaded, false)
  await host.stat('/dev/null')
  overlay.apply(node, { kind: 'reboot', reason: 'the driver', slots: [] })
  assert.deepEqual(await host.kernelModule('nvidia'), { loaded: true, version: '580.95.05', users: 0 })
  await rejectsUnknown(host.stat('/dev/null'), /reboot: the driver/)
  await rejectsUnknown(host.kernel(), /reboot: the driver/)
  await rejectsUnknown(host.kernelModule('nouveau'), /reboot: the driver/)
  assert.ok(await host.text('/etc/passwd'))
})

test('a boot changes neither the PCI devices nor their numbers, but their drivers', async () => {
  const overlay = createOverlay()
  const { host } = reader(overlay)
  const [slots, card] = ['/sys/bus/pci/devices', '/sys/bus/pci/devices/0000:01:00.0']
  overlay.apply(node, { kind: 'reboot', reason: 'the driver', slots: [] })
  await host.list(slots)
  await host.text(`${card}/vendor`)
  await rejectsUnknown(host.stat(`${card}/driver`), /reboot: the driver/)
  await rejectsUnknown(host.text(`${card}/driver_override`), /reboot: the driver/)
  await rejectsUnknown(host.list('/sys/bus/pci/drivers'), /reboot: the driver/)
  const answered = { kind: 'unknown', resources: [`file:${card}/vendor`], why: 'another' } as const
  overlay.apply(node, { kind: 'run', argv: ['echo'], effects: [answered] })
  await rejectsUnknown(host.text(`${card}/vendor`), /another/)
})

test('a container sees changes of its node', async () => {
  const overlay = createOverlay()
  const onNode = reader(overlay).all
  const { host } = reader(overlay, { name: ct.name, of: onNode })
  overlay.apply(node, {
    kind: 'run',
    argv: ['modprobe', 'nvidia'],
    effects: [{ kind: 'kernelModule', name: 'nvidia', becomes: { loaded: true, version: '580.95.05' } }],
  })
  assert.equal((await host.kernelModule('nvidia')).version, '580.95.05')
  assert.ok(await host.stat('/dev/null'))
  overlay.apply(ct, { kind: 'containerPower', ctid: '101', verb: 'restart', on: 'node' })
  await rejectsUnknown(host.stat('/dev/null'), /restart container 101/)
  assert.ok(await host.text('/etc/passwd'))
  overlay.apply(ct, writeAction('/dev/null', 'predicted after the restart'))
  assert.equal(await host.text('/dev/null'), 'predicted after the restart')
  overlay.apply(ct, { kind: 'containerPower', ctid: '101', verb: 'start', on: 'node' })
  await rejectsUnknown(host.text('/etc/passwd'), /only the run starts the container/)
  await rejectsUnknown(host.ask(machineType), /only the run starts the container/)
  overlay.apply(node, { kind: 'containerPower', ctid: '101', verb: 'shutdown' })
  await rejectsUnknown(host.text('/etc/passwd'), /stops the container/)
})

test('a container that the run creates, with all of its configuration, is unknown; one that it destroys is absent', async () => {
  const overlay = createOverlay()
  const { host: there, all: onNode } = reader(overlay)
  const inside = reader(overlay, { name: ct.name, of: onNode }).host
  const file = '/etc/pve/lxc/101.conf'
  const change = (label: string, ...effects: readonly Effect[]): void =>
    overlay.apply(node, { kind: 'run', argv: ['pct'], label, effects })
  change(
    'create it',
    { kind: 'unknown', resources: ['container:101'], why: 'only the run creates it' },
    { kind: 'container', name: '101', becomes: { exists: true, status: 'stopped' } },
    { kind: 'file', name: file, becomes: new Unknown('only the run creates it') },
  )
  await rejectsUnknown(there.container('101'), /only the run creates it/)
  await rejectsUnknown(there.text(file), /only the run creates it/)
  await rejectsUnknown(inside.text('/etc/passwd'), /only the run creates the container/)
  overlay.apply(node, { kind: 'containerPower', ctid: '101', verb: 'start' })
  await rejectsUnknown(inside.text('/etc/passwd'), /only the run starts the container/)
  await rejectsUnknown(there.container('101'), /only the run creates it/)
  change(
    'destroy it',
    { kind: 'container', name: '101', becomes: { exists: false } },
    { kind: 'file', name: file, becomes: { kind: 'absent' } },
  )
  assert.equal(await there.text(file), undefined)
  assert.equal(await there.container('101'), undefined)
  await rejectsUnknown(inside.text('/etc/passwd'), /destroys the container/)
})

test("after any prediction, the answer of a program that reads by its author's promise is unknown", async () => {
  const overlay = createOverlay()
  const { host } = reader(overlay)
  assert.equal((await host.promised(['sh', '-c', 'echo x'])).stdout, 'x\n')
  overlay.apply(node, writeAction('/etc/some/file', 'x'))
  await rejectsUnknown(host.promised(['sh', '-c', 'echo x']), /changes file \/etc\/some\/file/)
})

test('a program without declared effects makes everything unknown; one with an empty list changes nothing', async () => {
  using dir = scratch()
  const overlay = createOverlay()
  overlay.apply(node, writeAction(dir.path('a'), 'before'))
  overlay.apply(node, { kind: 'run', argv: ['true'], effects: [] })
  const { host } = reader(overlay)
  assert.equal(await host.text(dir.path('a')), 'before')
  overlay.apply(node, { kind: 'run', argv: ['fix', 'it'] })
  await rejectsUnknown(host.text(dir.path('a')), /the changes of "run fix it" are known only in the run/)
  await rejectsUnknown(host.package('bash'), /fix it/)
  overlay.apply(node, writeAction(dir.path('a'), 'after'))
  assert.equal(await host.text(dir.path('a')), 'after')
})

test('a predicted unit file is a unit with the settings in the file; a predicted program may bring one', async () => {
  using dir = scratch()
  // A host whose systemd has none of these units.
  const answer = 'LoadState=not-found\\nActiveState=inactive\\nUnitFileState=\\n\\n'
  writeFileSync(dir.path('systemctl'), `#!/bin/sh\nshift 4; for unit; do printf '${answer}'; done\n`, {
    mode: 0o755,
  })
  const overlay = createOverlay()
  const { host } = reader(overlay, { path: dir.directory })
  const unit = (name: string): string => `/etc/systemd/system/${name}`
  overlay.apply(
    node,
    writeAction(unit('gpuplay-dry.service'), '[Service]\nExecStart=/x\n[Install]\nWantedBy=x\n'),
  )
  overlay.apply(node, writeAction(unit('gpuplay-static@.timer'), '[Timer]\n'))
  overlay.apply(node, { kind: 'makeLink', path: unit('gpuplay-masked.service'), target: '/dev/null' })
  overlay.apply(node, writeAction('/usr/local/bin/gpuplay-program', '#!/bin/sh\n', { mode: '0755' }))
  const started: Action = {
    kind: 'run',
    argv: ['systemctl', 'start', 'gpuplay-dry'],
    effects: [{ kind: 'unit', name: 'gpuplay-dry', becomes: { active: 'active' } }],
  }
  const status = { exists: true, active: 'inactive', enabled: 'disabled' }
  assert.deepEqual(await host.unit('gpuplay-dry'), status)
  assert.deepEqual(await host.unit('gpuplay-static@x.timer'), { ...status, enabled: 'static' })
  assert.equal((await host.unit('gpuplay-masked')).enabled, 'masked')
  overlay.apply(node, started)
  assert.deepEqual(await host.unit('gpuplay-dry.service'), { ...status, active: 'active' })
  await rejectsUnknown(host.command('gpuplay-program'), /an earlier task changes/)
  assert.equal(await host.command('gpuplay-none'), undefined)
})
