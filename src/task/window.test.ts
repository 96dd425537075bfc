import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actions } from '../host/plan.ts'
import { wants, writeTo } from './testing/fake-task-host.ts'
import { begin, plan, watchedWindow } from './testing/watched-window.ts'
import type { ActionOutcome } from './window-host.ts'

const failed: ActionOutcome = { kind: 'failed', problem: { code: 'x', message: 'no room' } }
const stale: ActionOutcome = { kind: 'stale', why: '/b was changed' }
const lost: ActionOutcome = { kind: 'lost', why: 'reset' }

test('waiting units are sent together, verified, and settled in order', async () => {
  const it = watchedWindow()
  await plan(it, wants('/a', '1'), wants('/b', '2'))
  assert.deepEqual(it.told, [], 'planned units are not reported')
  assert.deepEqual(await it.window.flush(), { kind: 'clear' })
  assert.deepEqual(it.host.sends, ['write /a, write /b'])
  assert.deepEqual(it.told, ['sending', 'acted /a 5', 'acted /b 5', '/a changed', '/b changed', 'drained'])
  assert.deepEqual(it.settled.get('/a')?.labels, ['write /a'])
  assert.equal(it.window.waiting, false)
})

test('a unit with nothing to do is settled at once, or in order if something waits', async () => {
  const it = watchedWindow()
  it.host.texts.set('/a', '1')
  await plan(it, wants('/a', '1'))
  assert.deepEqual(it.told, ['/a ok'])
  await plan(it, wants('/b', '2'), wants('/a', '1'))
  assert.deepEqual(it.told, ['/a ok'])
  await it.window.flush()
  assert.deepEqual(it.told.slice(-3), ['/b changed', '/a ok', 'drained'])
})

test('resources are held from before the actions are sent until the units are settled', async () => {
  const it = watchedWindow()
  await plan(it, wants('/a', '1'))
  it.host.log.length = 0
  await it.window.flush()
  assert.deepEqual(it.host.log, [
    'hold',
    'send write /a',
    'touched write /a',
    'refresh one file:/a',
    'look /a',
    'release',
  ])
})

test('a stale unit is planned again after the units before it are settled', async () => {
  const it = watchedWindow()
  it.host.outcomes.set('write /b', [stale])
  await plan(it, wants('/a', '1'), wants('/b', '2'), wants('/c', '3'))
  assert.deepEqual(await it.window.flush(), { kind: 'moved' })
  assert.deepEqual(it.told, ['sending', 'acted /a 5', '/a changed', 'back to /b'])
  assert.deepEqual([...it.host.texts.keys()], ['/a'])
  assert.deepEqual(
    it.host.log.filter((line) => line.startsWith('touched')),
    ['touched write /a, write /b'],
    'actions that did not begin changed nothing',
  )
})

test('a unit that has restarted three times fails instead', async () => {
  const it = watchedWindow()
  const unit = wants('/b', '2')
  unit.progress.restarts = 3
  it.host.outcomes.set('write /b', [stale])
  await plan(it, wants('/a', '1'), unit)
  await it.window.flush()
  assert.deepEqual(it.told.slice(-2), ['/a changed', '/b failed'])
  const end = it.settled.get('/b')
  assert.equal(end?.kind === 'failed' && end.failure.problem.code, 'kept-changing')
})

test('a lost action is recorded as possibly done, and its unit is planned again', async () => {
  const it = watchedWindow()
  const unit = wants('/b', '2')
  it.host.outcomes.set('write /b', [lost])
  await plan(it, wants('/a', '1'), unit, wants('/c', '3'))
  assert.deepEqual(await it.window.flush(), { kind: 'moved' })
  assert.deepEqual(it.told.slice(-2), ['/a changed', 'back to /b'])
  assert.deepEqual([unit.progress.lost, unit.progress.labels, unit.progress.restarts], [['write /b'], [], 1])
})

test('a failed action ends its unit with its reply; later units are not settled', async () => {
  const it = watchedWindow()
  const reply = { code: 1, stdout: '', stderr: 'full' }
  it.host.outcomes.set('write /b', [{ ...failed, reply }])
  await plan(it, wants('/a', '1'), wants('/b', '2'), wants('/c', '3'))
  assert.deepEqual(await it.window.flush(), { kind: 'moved' })
  assert.deepEqual(it.told.slice(-2), ['/a changed', '/b failed'])
  const end = it.settled.get('/b')
  assert.ok(end?.kind === 'failed')
  assert.deepEqual([end.failure.problem.message, end.replies, end.changed], ['no room', [reply], false])
})

test('an unreachable host ends the unit in flight as unreachable', async () => {
  const it = watchedWindow()
  it.host.outcomes.set('write /b', [{ kind: 'unreachable', problem: { code: 'u', message: 'gone' } }])
  await plan(it, wants('/a', '1'), wants('/b', '2'))
  await it.window.flush()
  assert.deepEqual(it.told.slice(-2), ['/a changed', '/b unreachable'])
})

test('outcomes of the actions of the current unit go to that unit only', async () => {
  for (const [outcome, flushed] of [
    [failed, failed],
    [stale, { ...stale, label: 'write /b' }],
    [lost, { ...lost, label: 'write /b' }],
  ] as const) {
    const it = watchedWindow()
    const current = wants('/b', '2')
    it.host.outcomes.set('write /b', [outcome])
    await plan(it, wants('/a', '1'))
    await begin(it, current)
    assert.deepEqual(await it.window.flush(current), flushed)
    assert.deepEqual(it.told.slice(-2), ['/a changed', 'drained'])
    assert.deepEqual(current.queued, [])
  }
})

test('if others held the resources first, nothing is sent and the first unit is planned again', async () => {
  const it = watchedWindow()
  it.host.waits = 1
  await plan(it, wants('/a', '1'), wants('/b', '2'))
  assert.deepEqual(await it.window.flush(), { kind: 'moved' })
  assert.deepEqual([it.host.sends, it.told], [[], ['back to /a']])
  assert.deepEqual(it.host.log.slice(-3), ['hold', 'touched write /a, write /b', 'release'])
})

test('if others held the resources of the current unit, that unit learns about it', async () => {
  const it = watchedWindow()
  it.host.waits = 1
  const current = wants('/b', '2')
  await begin(it, current)
  assert.deepEqual(await it.window.flush(current), { kind: 'again' })
  assert.deepEqual([it.host.sends, it.told], [[], []])
})

test('where a unit ended so that the run goes on elsewhere, nothing behind it is settled', async () => {
  const it = watchedWindow()
  it.moves.add('/a')
  await plan(it, wants('/a', '1'), wants('/b', '2'))
  assert.deepEqual(await it.window.flush(), { kind: 'moved' })
  assert.deepEqual(it.told.slice(-1), ['/a changed'])
  const drained = watchedWindow({ drains: false })
  await plan(drained, wants('/a', '1'))
  assert.deepEqual(await drained.window.flush(), { kind: 'moved' })
})

test('step by step, each unit that acts is sent before the next is planned', async () => {
  const it = watchedWindow({ stepByStep: true })
  await plan(it, wants('/a', '1'), wants('/b', '2'))
  assert.deepEqual(it.host.sends, ['write /a', 'write /b'])
  assert.equal(it.window.waiting, false)
})

test('a unit of another user is refused while something waits', async () => {
  const it = watchedWindow()
  const other = wants('/b', '2')
  it.host.users.set('/b', 'www-data')
  assert.equal(it.window.refuses(other), false)
  await plan(it, wants('/a', '1'))
  assert.equal(it.window.refuses(wants('/c', '3')), false)
  assert.equal(it.window.refuses(other), true)
  await it.window.flush()
  assert.equal(it.window.refuses(other), false)
})

test('dropped units are never sent, and their predictions are forgotten', async () => {
  const it = watchedWindow()
  const unit = wants('/a', '1')
  await plan(it, unit)
  assert.equal((await it.window.probe(unit)).seen, '1')
  it.window.drop()
  assert.deepEqual([it.window.waiting, unit.queued], [false, []])
  assert.equal((await it.window.probe(unit)).seen, undefined)
  assert.deepEqual(await it.window.flush(), { kind: 'clear' })
  assert.deepEqual(it.host.sends, [])
})

test('each unit is planned on the predicted effects of the units before it', async () => {
  const it = watchedWindow()
  await plan(it, wants('/a', '1'), wants('/a', '1', { key: 'same' }))
  await it.window.flush()
  assert.deepEqual(it.host.sends, ['write /a'])
})

test('after a wait no earlier reading is trusted', async () => {
  const { window, host } = watchedWindow()
  await window.wait(3)
  assert.deepEqual(host.log, ['sleep 3', 'waited'])
  assert.equal(window.now(), 3000)
})

test('actions that the host forbids are forbidden here', () => {
  const { window, host } = watchedWindow()
  host.forbidden.set('write /a', { code: 'no', message: 'not this' })
  assert.equal(window.forbids(wants('/a', '1'), actions([writeTo('/a', '1')]))?.problem.code, 'no')
  assert.equal(window.forbids(wants('/b', '1'), actions([writeTo('/b', '1')])), undefined)
})
