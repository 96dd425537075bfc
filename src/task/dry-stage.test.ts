import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unknown } from '../base/unknown.ts'
import { actions } from '../host/plan.ts'
import { converge } from './converge.ts'
import { DryStage } from './dry-stage.ts'
import { FakeTaskHost, wants, writeTo } from './testing/fake-task-host.ts'

function made(): { readonly stage: DryStage; readonly host: FakeTaskHost } {
  const host = new FakeTaskHost()
  return { stage: new DryStage(host, host.newOverlay()), host }
}

test('predicted actions are reported, visible to later tasks, and not sent', async () => {
  const { stage, host } = made()
  const end = await converge(wants('/a', '1'), stage)
  assert.deepEqual([end?.kind, end?.labels, end?.diffs.length], ['changed', ['write /a'], 1])
  assert.equal((await converge(wants('/a', '1', { key: 'again' }), stage))?.kind, 'ok')
  assert.deepEqual([host.sends, host.texts.size, stage.waiting], [[], 0, false])
})

test('the effects of an uncertain plan are visible to later tasks, and its actions are not reported', async () => {
  const { stage, host } = made()
  const unit = wants('/a', '1')
  await stage.predict(unit, unit.plan(await stage.probe(unit)))
  assert.deepEqual(unit.progress.labels, [])
  assert.equal((await stage.probe(unit)).seen, '1')
  assert.deepEqual(host.log, ['look /a', 'predict write /a', 'look /a'])
})

test('a task that cannot change anything leaves nothing unknown', () => {
  const { stage, host } = made()
  stage.mayChange([], 'why')
  assert.deepEqual(host.log, [])
  stage.mayChange(['file:/a'], 'why')
  assert.deepEqual(host.log, ['may change file:/a: why'])
})

test('actions that the user may not be able to carry out are unknown', async () => {
  const { stage, host } = made()
  host.cannot = new Unknown('nobody knows the rights of /a')
  const end = await converge(wants('/a', '1'), stage)
  assert.deepEqual(
    [end?.kind, end?.kind === 'unknown' && end.why],
    ['unknown', 'nobody knows the rights of /a'],
  )
})

test('a dry run neither sends nor waits', () => {
  const { stage } = made()
  assert.equal(stage.sends, false)
  assert.throws(() => stage.flush(), /sends nothing/)
  assert.throws(() => stage.wait(), /waits for nothing/)
})

test('forbidden actions are forbidden in a dry run too', async () => {
  const { stage, host } = made()
  host.forbidden.set('write /a', { code: 'no', message: 'not this' })
  assert.equal(stage.forbids(wants('/a', '1'), actions([writeTo('/a', '1')]))?.problem.code, 'no')
  const end = await converge(wants('/a', '1'), stage)
  assert.equal(end?.kind === 'failed' && end.failure.problem.message, 'not this')
})
