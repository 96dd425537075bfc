import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UnitStatus } from '../../host/host.ts'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { fakeWorld, type FakeWorld } from '../testing/fake-host.ts'
import { service } from './module.ts'

function worldWith(unit: Partial<UnitStatus>): FakeWorld {
  const world = fakeWorld()
  world.units.set('gpu.service', { exists: true, active: 'inactive', enabled: 'disabled', ...unit })
  return world
}

const cases: readonly [
  says: string,
  unit: Partial<UnitStatus>,
  args: Readonly<Record<string, unknown>>,
  does: readonly string[],
][] = [
  [
    'starts and enables',
    {},
    { state: 'started', enabled: true },
    ['enable gpu.service', 'start gpu.service'],
  ],
  [
    'does nothing if the unit runs',
    { active: 'active', enabled: 'enabled' },
    { state: 'started', enabled: true },
    [],
  ],
  ['does nothing if the unit is starting', { active: 'activating' }, { state: 'started' }, []],
  ['starts a failed unit', { active: 'failed' }, { state: 'started' }, ['start gpu.service']],
  [
    'stops and disables',
    { active: 'active', enabled: 'enabled' },
    { state: 'stopped', enabled: false },
    ['disable gpu.service', 'stop gpu.service'],
  ],
  ['does nothing to stop a failed unit', { active: 'failed' }, { state: 'stopped' }, []],
  ['masks a unit', {}, { masked: true }, ['mask gpu.service']],
  ['does nothing to disable a static unit', { enabled: 'static' }, { enabled: false }, []],
]

for (const [says, unit, args, does] of cases) {
  test(`service ${says}, and nothing is planned afterwards`, async () => {
    const { actions } = await converge(service, { name: 'gpu', ...args }, worldWith(unit))
    assert.deepEqual(
      actions.map((action) => (action.kind === 'run' ? action.argv.slice(1).join(' ') : action.kind)),
      does,
    )
  })
}

test('a restart is imperative, so it belongs in handlers', async () => {
  assert.equal(service.imperative(completed(service, { name: 'gpu', state: 'restarted' })), true)
  assert.equal(service.imperative(completed(service, { name: 'gpu', state: 'started' })), false)
  const { actions } = await converge(
    service,
    { name: 'gpu', state: 'restarted' },
    worldWith({ active: 'active' }),
  )
  assert.equal(actions.length, 1)
})

test('every run starts a oneshot unit once, and it is inactive again afterwards', async () => {
  const world = worldWith({ oneshot: true })
  for (const time of ['first', 'second']) {
    const { actions } = await converge(service, { name: 'gpu', state: 'started' }, world)
    assert.equal(actions.length, 1, time)
    assert.equal(world.units.get('gpu.service')?.active, 'inactive', time)
  }
})

test('unit files are reloaded only if systemd reports that they are newer', async () => {
  const world = worldWith({ active: 'active' })
  let stale = true
  world.answer = () => ({ code: 0, stdout: `NeedDaemonReload=${stale ? 'yes' : 'no'}\n`, stderr: '' })
  world.program = (argv) => {
    stale = stale && argv[1] !== 'daemon-reload'
    return undefined
  }
  const args = { name: 'gpu', state: 'started', daemon_reload: true }
  assert.equal((await converge(service, args, world)).actions.length, 1)
  assert.equal((await converge(service, args, world)).actions.length, 0)
})

test('a missing unit is reported by name, unless it must be stopped', async () => {
  const { refusal } = await planOnce(service, { name: 'none', state: 'started' }, fakeWorld())
  assert.equal(refusal?.message, 'there is no unit none.service')
  const stopped = await planOnce(
    service,
    { name: 'none.timer', state: 'stopped', enabled: false },
    fakeWorld(),
  )
  assert.deepEqual([stopped.actions, stopped.refusal], [[], undefined])
})

test('a unit that cannot be enabled causes a warning, not an attempt in every run', async () => {
  const plan = await planOnce(service, { name: 'gpu', enabled: true }, worldWith({ enabled: 'static' }))
  assert.deepEqual(plan.actions, [])
  assert.match(plan.warnings[0] ?? '', /cannot be enabled \(static\)/)
})

test('stopping waits for a unit that is already stopping', async () => {
  const { settle } = await planOnce(
    service,
    { name: 'gpu', state: 'stopped' },
    worldWith({ active: 'deactivating' }),
  )
  assert.equal(settle?.why, 'gpu.service is deactivating')
})
