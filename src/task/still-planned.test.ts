import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostError } from '../base/errors.ts'
import { actions, done, refuse } from '../host/plan.ts'
import type { Module } from '../modules/module.ts'
import { FakeTaskHost } from './testing/fake-task-host.ts'
import { type OneUnit, settleUnit } from './testing/one-unit.ts'
import { unitOf } from './testing/test-units.ts'
import { Progress } from './unit.ts'

const state = '/state'

/** Reboots the host once, unless its state is that of a cluster without quorum. */
const reboots: Module = {
  name: 'reboots',
  summary: 'Reboots.',
  args: { type: 'object' },
  result: { type: 'object' },
  probe: () => Promise.resolve([]),
  plan: (_args, seen) => {
    if (seen === 'rebooted') return done()
    if (seen === 'no quorum') return refuse({ code: 'no', message: 'no quorum' })
    return actions([{ kind: 'reboot', reason: 'it must', slots: ['prod a'] }])
  },
}

interface Run extends OneUnit {
  readonly sends: readonly string[]
}

/** `waits`: what happens while the unit waits for its resources. */
async function run(waits: (host: FakeTaskHost) => void): Promise<Run> {
  class Busy extends FakeTaskHost {
    override hold(): ReturnType<FakeTaskHost['hold']> {
      waits(this)
      return super.hold()
    }
  }
  const host = new Busy()
  host.instead.set('reboot: it must', () => host.texts.set(state, 'rebooted'))
  const progress = new Progress()
  const unit = await settleUnit(() => unitOf(reboots, progress, {}, { path: state }), host)
  return { ...unit, sends: host.sends }
}

test('a reboot that has become unsafe before its turn is not done, for the reason that it has then', async () => {
  const { converged, sends } = await run((host) => host.texts.set(state, 'no quorum'))
  assert.equal(converged.kind === 'failed' && converged.failure.problem.message, 'no quorum')
  assert.deepEqual(sends, [])
})

test('a reboot that is still planned is done once', async () => {
  const { converged, sends } = await run((host) => host.texts.set(state, 'something else'))
  assert.equal(converged.kind, 'changed')
  assert.deepEqual(sends, ['reboot: it must'])
})

test('a host that cannot be read when it is its turn is not rebooted', async () => {
  const unreadable = new HostError({ code: 'unreadable', message: 'cannot read it' })
  const { converged, sends } = await run((host) => host.failures.set(state, [unreadable, unreadable]))
  assert.equal(converged.kind === 'failed' && converged.failure.problem.message, 'cannot read it')
  assert.deepEqual(sends, [])
})
