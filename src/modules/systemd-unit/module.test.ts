import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needsDaemonReload } from '../../host/questions/system.ts'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { addFile, fakeWorld, type FakeWorld } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { systemdUnit } from './module.ts'

const content = '[Timer]\nOnCalendar=daily\n'
const path = '/etc/systemd/system/scrub.timer'

function worldWith(files: Readonly<Record<string, string>> = {}, stale = false): FakeWorld {
  const world = fakeWorld({ '/etc/systemd/system/x.wants/y': '', ...files })
  let loaded = !stale
  world.answer = () => ({ code: 0, stdout: `NeedDaemonReload=${loaded ? 'no' : 'yes'}\n`, stderr: '' })
  world.program = (argv) => {
    if (argv.join(' ') === 'systemctl daemon-reload') loaded = true
    return undefined
  }
  return world
}

test('a unit file is written, systemd reads it, and nothing is planned afterwards', async () => {
  const world = worldWith()
  const args = { name: 'scrub.timer', content }
  const { actions, report, diffs } = await converge(systemdUnit, args, world)
  assertHas(actions, [{ kind: 'writeFile', path }, { argv: ['systemctl', 'daemon-reload'] }])
  assert.equal(world.files.get(path)?.text, content)
  assert.deepEqual(report, { name: 'scrub.timer', path })
  assert.deepEqual(diffs, [{ title: path, before: '', after: content }])
  assert.deepEqual((await planOnce(systemdUnit, args, world)).actions, [])
})

test('a drop-in gets its directory', async () => {
  const world = worldWith()
  const args = { name: 'docker', drop_in: 'limits', content: '[Service]\nLimitNOFILE=1' }
  const { actions } = await converge(systemdUnit, args, world)
  const file = '/etc/systemd/system/docker.service.d/limits.conf'
  assertHas(actions, [
    { kind: 'makeDirectory', path: '/etc/systemd/system/docker.service.d' },
    { kind: 'writeFile', path: file },
    { kind: 'run' },
  ])
  assert.equal(world.files.get(file)?.text, '[Service]\nLimitNOFILE=1\n')
})

test('systemd reads a file again that an interrupted run has written', async () => {
  const { actions } = await converge(
    systemdUnit,
    { name: 'scrub.timer', content },
    worldWith({ [path]: content }, true),
  )
  assertHas(actions, [{ argv: ['systemctl', 'daemon-reload'] }])
})

test('a unit is stopped and disabled before its file is removed', async () => {
  const world = worldWith({ [path]: content })
  world.units.set('scrub.timer', { exists: true, active: 'active', enabled: 'enabled' })
  const { actions, diffs } = await converge(systemdUnit, { name: 'scrub.timer', state: 'absent' }, world)
  assertHas(actions, [
    { argv: ['systemctl', 'stop', 'scrub.timer'] },
    { argv: ['systemctl', 'disable', 'scrub.timer'] },
    { kind: 'remove', path },
    { argv: ['systemctl', 'daemon-reload'] },
  ])
  assert.deepEqual(diffs, [{ title: path, before: content, after: '' }])
  assert.deepEqual((await planOnce(systemdUnit, { name: 'scrub.timer', state: 'absent' }, world)).actions, [])
})

test('the removal of a drop-in leaves the unit running', async () => {
  const world = worldWith({ '/etc/systemd/system/docker.service.d/limits.conf': 'x' })
  world.units.set('docker.service', { exists: true, active: 'active', enabled: 'enabled' })
  const args = { name: 'docker', drop_in: 'limits', state: 'absent' }
  assertHas((await planOnce(systemdUnit, args, world)).actions, [{ kind: 'remove' }, { kind: 'run' }])
})

test('a masked unit and other links are refused', async () => {
  const world = worldWith()
  addFile(world, path, '', { kind: 'link', target: '/dev/null' })
  const { refusal } = await planOnce(systemdUnit, { name: 'scrub.timer', content }, world)
  assert.equal(refusal?.message, `${path} is a link to /dev/null`)
  assert.equal(refusal.hint, 'the unit is masked: set `masked: false` with `service` first')
})

test('a unit without content is a mistake', () => {
  assert.throws(() => completed(systemdUnit, { name: 'x' }))
  assert.throws(() => completed(systemdUnit, { name: '../x', content }))
})

test('the question whether systemd must read a unit again depends only on files of that unit', () => {
  assert.deepEqual(needsDaemonReload({ unit: 'a-b@c.service' }).reads, [
    'command:systemctl',
    'unit:a-b@c.service',
    'file:/etc/systemd/system/a-b@c.service*',
    'file:/etc/systemd/system/a-b@.service*',
    'file:/etc/systemd/system/service.d/*',
    'file:/etc/systemd/system/a-.service.d/*',
  ])
})
