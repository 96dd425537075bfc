/** Decisions of a window from the verification of its units. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostError } from '../base/errors.ts'
import { actions, done } from '../host/plan.ts'
import { starting, wants, type WriteArgs, writeModule, writeTo } from './testing/fake-task-host.ts'
import { unitWith } from './testing/test-units.ts'
import { plan, watchedWindow } from './testing/watched-window.ts'
import { Progress, type Unit } from './unit.ts'

test('work that another unit may have undone is planned again, with a warning that lists it', async () => {
  const program = watchedWindow()
  const first = wants('/a', '1')
  program.host.instead.set('put /b', () => program.host.texts.set('/a', 'undone').set('/b', '2'))
  await plan(program, first, wants('/b', '2', { ready: { args: { path: '/b', text: '2', program: true } } }))
  assert.deepEqual(await program.window.flush(), { kind: 'moved' })
  assert.deepEqual(program.told.slice(-1), ['back to /a'])
  assert.deepEqual(first.progress.finish({}).warnings, [
    'its effects differ from its plan; still to do: write /a',
  ])
  const same = watchedWindow()
  same.host.instead.set('write /a', () => same.host.texts.set('/a', '1'))
  const before = wants('/a', '1', { ready: { args: { path: '/a', text: '1', program: true } } })
  await plan(same, before, wants('/a', '2', { key: 'again' }))
  await same.window.flush()
  assert.deepEqual(same.told.slice(-2), ['/a changed', 'back to again'])
})

test('work that is undone a fourth time fails its unit', async () => {
  const it = watchedWindow()
  const unit = wants('/a', '1')
  unit.progress.restarts = 3
  it.host.instead.set('put /b', () => it.host.texts.set('/a', 'undone').set('/b', '2'))
  await plan(it, unit, wants('/b', '2', { ready: { args: { path: '/b', text: '2', program: true } } }))
  await it.window.flush()
  assert.equal(it.settled.get('/a')?.kind, 'failed')
})

test('earlier units with the declared effects do not excuse remaining work', async () => {
  const it = watchedWindow()
  it.host.instead.set('write /a', () => it.host.texts.set('/a', '1'))
  await plan(it, wants('/a', '1'), wants('/a', '2', { key: 'again' }))
  await it.window.flush()
  const end = it.settled.get('again')
  assert.equal(end?.kind === 'failed' && end.failure.problem.code, 'not-converged')
})

test('remaining work that no other unit can have undone fails its unit', async () => {
  const it = watchedWindow()
  it.host.instead.set('write /a', () => undefined)
  await plan(it, wants('/a', '1'), wants('/b', '2'))
  await it.window.flush()
  const end = it.settled.get('/a')
  assert.equal(end?.kind === 'failed' && end.failure.problem.code, 'not-converged')
})

test('resources that a later unit changed again are not verified, because that unit has seen them', async () => {
  const it = watchedWindow()
  await plan(it, wants('/a', '1'), wants('/a', '2', { key: 'again' }))
  it.host.log.length = 0
  assert.deepEqual(await it.window.flush(), { kind: 'clear' })
  assert.equal(it.host.log.filter((line) => line === 'look /a').length, 1)
  const end = it.settled.get('/a')
  assert.deepEqual([end?.kind, end?.kind === 'changed' && end.seen], ['changed', '1'])
  assert.equal(it.settled.get('again')?.kind, 'changed')
})

test('a unit that was ok on a prediction is verified, and planned again if the prediction failed', async () => {
  const it = watchedWindow()
  const resting = wants('/a', '1', { key: 'resting' })
  await plan(it, wants('/a', '1'), resting)
  await it.window.flush()
  assert.deepEqual(
    [...it.settled.values()].map(({ kind }) => kind),
    ['changed', 'ok'],
  )
  const other = watchedWindow()
  const late = wants('/a', '1', { key: 'resting' })
  other.host.instead.set('write /a', () => other.host.texts.set('/a', 'otherwise'))
  await plan(other, wants('/a', '1'), late)
  assert.deepEqual(await other.window.flush(), { kind: 'moved' })
  assert.deepEqual(other.told.slice(-2), ['/a failed', 'back to resting'])
  assert.deepEqual(
    [late.progress.restarts, late.progress.finish({}).warnings],
    [0, []],
    'this unit caused no restart',
  )
})

test('a unit whose verification fails, or that is still starting, is planned again', async () => {
  for (const [seen, failures] of [
    ['1', [new HostError({ code: 'x', message: 'cannot read' })]],
    [starting, []],
  ] as const) {
    const it = watchedWindow()
    await plan(it, wants('/a', '1'), wants('/b', '2'))
    it.host.instead.set('write /a', () => it.host.texts.set('/a', seen))
    it.host.failures.set('/a', [...failures])
    assert.deepEqual(await it.window.flush(), { kind: 'moved' })
    assert.deepEqual(it.told.slice(-1), ['back to /a'])
  }
})

test('predicted effects that did not happen are a warning of their unit', async () => {
  const it = watchedWindow()
  it.host.surprise = ['/c is not there']
  await plan(it, wants('/a', '1'))
  await it.window.flush()
  assert.deepEqual(it.settled.get('/a')?.warnings, ['/c is not there'])
})

/** A unit that warns of any other text, and writes only if there is none. */
function warns(path: string, text: string, key = path): Unit {
  const module = {
    ...writeModule,
    plan: (args: WriteArgs, seen: string | undefined) =>
      seen === undefined
        ? actions([writeTo(args.path, args.text)], { warnings: ['writes'] })
        : done(seen === args.text ? [] : [`${args.path} stays ${seen}`]),
  }
  return unitWith(module, new Progress(), { key, ready: { args: { path, text } } })
}

test('a plan after the actions warns, whatever was planned on the prediction before', async () => {
  const it = watchedWindow()
  const accepts = { path: '/a', text: '1', once: true }
  it.host.instead.set('write /a', () => it.host.texts.set('/a', '2'))
  await plan(
    it,
    wants('/a', '1', { ready: { args: accepts } }),
    warns('/a', '1', 'wants 1'),
    warns('/a', '2', 'wants 2'),
  )
  assert.deepEqual(await it.window.flush(), { kind: 'clear' })
  assert.deepEqual(
    [...it.settled].map(([key, { kind, warnings }]) => [key, kind, ...warnings]),
    [
      ['/a', 'changed'],
      ['wants 1', 'ok', '/a stays 2'],
      ['wants 2', 'ok'],
    ],
  )
})

test('a unit that could not do what it planned says what is left, and what it warned of before', async () => {
  const it = watchedWindow()
  it.host.instead.set('write /a', () => it.host.texts.set('/a', '2'))
  await plan(it, warns('/a', '1'))
  assert.deepEqual(await it.window.flush(), { kind: 'clear' })
  assert.deepEqual(it.settled.get('/a')?.warnings, ['writes', '/a stays 2'])
})

test('warnings of a plan stay if an action of it was started, and go if none was', async () => {
  for (const [outcome, warnings] of [
    [{ kind: 'failed', problem: { code: 'x', message: 'no room' } }, ['writes']],
    [{ kind: 'lost', why: 'reset' }, ['writes']],
    [{ kind: 'stale', why: '/a was changed' }, []],
  ] as const) {
    const it = watchedWindow()
    const unit = warns('/a', '1')
    it.host.outcomes.set('write /a', [outcome])
    await plan(it, unit)
    await it.window.flush()
    assert.deepEqual(unit.progress.finish({}).warnings, warnings, outcome.kind)
  }
})
