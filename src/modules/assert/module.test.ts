import assert from 'node:assert/strict'
import { test } from 'node:test'
import { debug } from '../debug/module.ts'
import { fail } from '../fail/module.ts'
import { reboot } from '../reboot/module.ts'
import { setFact } from '../set-fact/module.ts'
import { stat } from '../stat/module.ts'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { fakeWorld, sha256 } from '../testing/fake-host.ts'
import { assert as assertModule } from './module.ts'

test('assert says which conditions do not hold', async () => {
  const plan = await planOnce(assertModule, { that: [true, false, false] }, fakeWorld())
  assert.equal(plan.refusal?.message, 'of 3 conditions numbers 2 and 3 do not hold')
  const one = await planOnce(assertModule, { that: [false], fail_msg: 'no GPU' }, fakeWorld())
  assert.deepEqual([one.refusal?.message, one.refusal?.hint], ['no GPU', 'the condition does not hold'])
  assert.equal((await planOnce(assertModule, { that: [true] }, fakeWorld())).refusal, undefined)
})

test('debug shows a text as it is and a value as JSON', () => {
  assert.equal(debug.message(completed(debug, { msg: 'hello' })), 'hello')
  assert.equal(debug.message(completed(debug, { var: { a: [1] } })), '{\n  "a": [\n    1\n  ]\n}')
  assert.deepEqual(debug.report(completed(debug, {})), { msg: 'Hello world!' })
})

test('fail fails with its message and hint', async () => {
  const plan = await planOnce(fail, { msg: 'no', hint: 'do' }, fakeWorld())
  assert.deepEqual(plan.refusal, { code: 'failed-on-purpose', message: 'no', hint: 'do' })
})

test('set_fact takes any variable, and at least one', async () => {
  assert.deepEqual(completed(setFact, { gpu_count: 2 }), { gpu_count: 2 })
  assert.throws(() => completed(setFact, {}), /fewer than 1/)
  assert.throws(() => completed(setFact, { 'not-a-name': 1 }), /property name/)
})

test('reboot acts only where it is needed, and not on containers', async () => {
  const world = fakeWorld()
  assert.deepEqual((await planOnce(reboot, { required: false }, world)).actions, [])
  const { actions } = await converge(reboot, { reason: 'new driver', timeout: 60 }, world)
  assert.deepEqual(actions, [{ kind: 'reboot', reason: 'new driver', timeout: 60 }])
  world.ctid = '101'
  const { refusal } = await planOnce(reboot, {}, world)
  assert.equal(refusal?.code, 'no-reboot-of-containers')
  assert.equal(
    refusal.hint,
    'use `pve_container`: it restarts a container if its devices changed; `pct reboot` on the node always does',
  )
})

test('stat reports what there is and changes nothing', async () => {
  const { report, actions } = await converge(stat, { path: '/etc/x' }, fakeWorld({ '/etc/x': 'a' }))
  assert.deepEqual(actions, [])
  assert.deepEqual(report['stat'], {
    exists: true,
    path: '/etc/x',
    isreg: true,
    isdir: false,
    islnk: false,
    ischr: false,
    isblk: false,
    mode: '0644',
    size: 1,
    uid: 0,
    gid: 0,
    pw_name: 'root',
    gr_name: 'root',
    checksum: sha256('a'),
  })
  const none = await converge(stat, { path: '/etc/none' }, fakeWorld())
  assert.deepEqual(none.report, { stat: { exists: false } })
})
