import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defined } from '../base/defined.ts'
import type { Problem } from '../base/errors.ts'
import type { Action } from '../host/action.ts'
import { actions, done, pauseFor, type Plan, refuse, settle } from '../host/plan.ts'
import type { Task } from '../language/model.ts'
import { decide, type Look, type Next, shownQuestion, type State } from './decide.ts'
import { plainFailure } from './failures.ts'
import type { Stage } from './stage.ts'
import { sayModule, wants, writeModule, writeTo } from './testing/fake-task-host.ts'
import { prepared } from './testing/prepared.ts'
import { unitOf } from './testing/test-units.ts'
import { Progress, type Reading, type Unit } from './unit.ts'

const reading: Reading = { seen: '1', touched: new Map(), rests: false }
const problem: Problem = { code: 'x', message: 'cannot read' }
const reboot: Action = {
  kind: 'reboot',
  reason: 'it must',
  slots: [],
  ask: { question: 'Now?', declined: 'PENDING' },
}
const never = (): never => {
  throw new Error('a choice does nothing')
}

interface Circumstances {
  readonly sends?: boolean
  readonly waiting?: boolean
  readonly forbids?: Problem
  readonly asks?: boolean
  readonly now?: number
  readonly unit?: Unit
  readonly state?: State
}

function freshState(): State {
  return {
    final: false,
    stages: new Set(),
    last: undefined,
    settling: undefined,
    agreed: undefined,
    paused: false,
    once: false,
  }
}

function decided(look: Look | Plan, circumstances: Circumstances = {}): Next {
  const { sends = true, waiting = false, forbids, asks = false, now = 0 } = circumstances
  const { unit = wants('/a', '1'), state = freshState() } = circumstances
  const stage: Stage = {
    sends,
    waiting,
    forbids: () => forbids && plainFailure(forbids),
    now: () => now,
    ...defined({ confirm: asks ? never : undefined }),
    probe: never,
    queue: never,
    predict: never,
    mayChange: never,
    whyNot: never,
    flush: never,
    wait: never,
    waited: never,
  }
  const seen: Look = 'actions' in look ? { kind: 'planned', reading, plan: look } : look
  return decide(seen, unit, state, stage)
}

/** The end of the unit with the code of a failure, or its next step. */
function short(next: Next): string {
  if (next.kind === 'queue') return next.thenFlush ? 'queue and flush' : 'queue'
  if (next.kind !== 'finish') return next.kind
  const { converged, open } = next
  const end = converged.kind === 'failed' ? `failed ${converged.failure.problem.code}` : converged.kind
  return open === true ? `${end}, open` : end
}

function queued(unit: Unit): Unit {
  const plan = actions([writeTo('/a', '1')])
  unit.queued = plan.actions.map((action) => ({ action, plan, reading }))
  return unit
}

function acted(unit: Unit): Unit {
  unit.progress.did('write /a', done(), undefined)
  return unit
}

test('a unit with nothing to do is ok, or changed if something was done or waits', () => {
  assert.equal(short(decided(done())), 'ok')
  assert.equal(short(decided(done(), { unit: acted(wants('/a', '1')) })), 'changed')
  assert.equal(short(decided(done(), { unit: queued(wants('/a', '1')) })), 'changed')
})

test('a failure on a prediction is probed again after everything before it was done', () => {
  const looks: readonly (readonly [Look | Plan, string])[] = [
    [{ kind: 'failed', problem }, 'failed x'],
    [{ kind: 'unreachable', problem }, 'unreachable'],
    [{ kind: 'unknown', why: 'later' }, 'unknown, open'],
    [refuse({ code: 'no', message: 'not so' }), 'failed no'],
  ]
  for (const [look, end] of looks) {
    assert.equal(short(decided(look)), end)
    assert.equal(short(decided(look, { waiting: true })), 'flush')
    assert.equal(short(decided(look, { unit: queued(wants('/a', '1')) })), 'flush')
    assert.equal(short(decided(look, { sends: false, waiting: true })), end)
  }
})

test('a unit planned to its end is changed, even if its effects are still unknown', () => {
  const look = { kind: 'unknown', why: 'later' } as const
  const run = { unit: queued(wants('/a', '1')), state: { ...freshState(), final: true } }
  assert.equal(short(decided(look, run)), 'changed')
  assert.equal(short(decided(look, { sends: false, unit: acted(wants('/a', '1')) })), 'changed')
})

test('the warnings of the last plan count', () => {
  const unit = wants('/a', '1')
  decided(done(['mind this']), { unit })
  decided(done(['mind that']), { unit })
  assert.deepEqual(unit.progress.finish({}).warnings, ['mind that'])
})

test('a dry run reads the effects of a final plan and does not plan again', () => {
  const state = { ...freshState(), final: true }
  assert.equal(short(decided(actions([writeTo('/a', '1')]), { sends: false, state })), 'changed')
})

test('a dry run warns of what is left after a final plan, if that plan leaves nothing to do', () => {
  const state = { ...freshState(), final: true }
  for (const [plan, expected] of [
    [done(['mind this']), ['mind this']],
    [actions([writeTo('/a', '1')], { warnings: ['mind this'] }), []],
  ] as const) {
    const next = decided(plan, { sends: false, state })
    assert.deepEqual(next.kind === 'finish' && next.converged.warnings, expected)
  }
})

test('a final plan that leaves actions, and a stage that recurs, did not converge', () => {
  const plan = actions([writeTo('/a', '1')])
  const staged = actions([writeTo('/a', '1')], { stage: 's' })
  const final = { ...freshState(), final: true }
  const recurs = { ...freshState(), stages: new Set(['s']) }
  assert.equal(short(decided(plan, { state: final })), 'failed not-converged')
  assert.equal(short(decided(staged, { state: recurs })), 'failed not-converged')
  assert.equal(short(decided(staged)), 'queue')
  const unit = queued(wants('/a', '1'))
  assert.equal(short(decided(plan, { state: final, unit })), 'flush', 'the prediction may have been wrong')
  assert.equal(short(decided(staged, { sends: false, state: recurs, unit })), 'failed not-converged')
})

test('a module with more than two dozen stages does not converge', () => {
  const stages = new Set(Array.from({ length: 24 }, (_, index) => `s${index}`))
  const plan = actions([writeTo('/a', '1')], { stage: 'next' })
  assert.equal(short(decided(plan, { state: { ...freshState(), stages } })), 'failed not-converged')
  stages.delete('s0')
  assert.equal(short(decided(plan, { state: { ...freshState(), stages } })), 'queue')
})

test('plain actions wait to be sent with others', () => {
  assert.equal(short(decided(actions([writeTo('/a', '1')]))), 'queue')
  assert.equal(short(decided(actions([writeTo('/a', '1')]), { waiting: true })), 'queue')
})

test('a forbidden action fails its unit; in a run, the waiting actions are sent first', () => {
  const plan = actions([writeTo('/a', '1')])
  assert.equal(short(decided(plan, { forbids: problem })), 'failed x')
  assert.equal(short(decided(plan, { forbids: problem, waiting: true })), 'flush')
  assert.equal(short(decided(plan, { forbids: problem, sends: false })), 'failed x')
})

test('long actions, and actions that take a machine down, are sent separately', () => {
  const content = { kind: 'controllerFile', path: '/f', sha256: '', size: 1 } as const
  const long: readonly Action[] = [
    { kind: 'download', url: 'https://x/y', path: '/y' },
    { kind: 'push', from: '/a', to: '/b', sha256: '' },
    { kind: 'containerPower', ctid: '101', verb: 'start' },
    { kind: 'reboot', reason: 'it must', slots: [] },
    { kind: 'writeFile', path: '/a', content },
    { kind: 'run', argv: ['x'], detached: { name: 'job', fingerprint: '1' } },
    { kind: 'run', argv: ['apt-get'], lock: { kind: 'dpkg', timeout: 60 } },
  ]
  const brief: readonly Action[] = [
    writeTo('/a', '1'),
    { kind: 'run', argv: ['x'], lock: { kind: 'flock', path: '/l', timeout: 1 } },
    { kind: 'setAttributes', path: '/a', mode: '0600' },
    { kind: 'makeDirectory', path: '/d' },
    { kind: 'makeLink', path: '/l', target: '/a' },
    { kind: 'remove', path: '/a' },
  ]
  for (const action of long) {
    assert.equal(short(decided(actions([action]))), 'queue and flush', action.kind)
    assert.equal(short(decided(actions([action]), { waiting: true })), 'flush', action.kind)
  }
  for (const action of brief)
    assert.equal(short(decided(actions([action]), { waiting: true })), 'queue', action.kind)
})

test('imperative units, and units with conditions on their result, are sent separately', () => {
  const { tasks } = prepared(`- command: { cmd: x }\n  changed_when: 'false'`)
  const judged: Partial<Task> = tasks[0] ?? {}
  for (const unit of [unitOf(sayModule, new Progress()), unitOf(writeModule, new Progress(), judged)]) {
    assert.equal(short(decided(actions([writeTo('/a', '1')]), { unit })), 'queue and flush')
    assert.equal(short(decided(actions([writeTo('/a', '1')]), { unit, waiting: true })), 'flush')
  }
})

test('in a dry run the actions of an imperative unit are only predicted', () => {
  const next = decided(actions([writeTo('/a', '1')]), {
    sends: false,
    unit: unitOf(sayModule, new Progress()),
  })
  assert.ok(next.kind === 'predict')
  assert.equal(next.converged.kind, 'unknown')
  assert.deepEqual(next.plan.actions, [writeTo('/a', '1')])
})

test('a question is asked once nothing waits, and its answer counts for that question only', () => {
  const plan = actions([reboot])
  assert.equal(short(decided(plan, { asks: true, waiting: true })), 'flush')
  assert.equal(short(decided(plan, { asks: true })), 'ask')
  assert.equal(short(decided(plan, { state: { ...freshState(), agreed: 'Now?' } })), 'queue and flush')
  assert.equal(short(decided(plan, { state: { ...freshState(), agreed: 'Later?' } })), 'ask')
})

test('a dry run asks no questions: declined without a terminal, otherwise predicted', () => {
  const unit = wants('/a', '1')
  assert.equal(short(decided(actions([reboot]), { sends: false, unit })), 'ok')
  assert.deepEqual(unit.progress.finish({}).warnings, ['PENDING'])
  assert.equal(short(decided(actions([reboot]), { sends: false, asks: true })), 'predict')
})

test('a starting service is waited for with growing pauses, until its deadline', () => {
  const state = freshState()
  const pauses = Array.from({ length: 11 }, () => {
    const next = decided(settle('starting', 10), { state })
    return next.kind === 'wait' ? next.seconds : undefined
  })
  assert.deepEqual([pauses[0], pauses.at(-1)], [0.2, 5])
  assert.ok(pauses.every((pause, index) => index === 0 || (pause ?? 0) >= (pauses[index - 1] ?? 0)))
  assert.equal(short(decided(settle('starting', 10), { state, now: 9_999 })), 'wait')
  assert.equal(short(decided(settle('starting', 10), { state, now: 10_000 })), 'failed not-settled')
})

test('waiting actions are sent before the run waits for something', () => {
  assert.equal(short(decided(settle('starting', 10), { waiting: true })), 'flush')
  assert.equal(short(decided(settle('starting', 10), { unit: queued(wants('/a', '1')) })), 'flush')
})

test('after another plan, the deadline of a later wait starts anew', () => {
  const state = freshState()
  decided(settle('starting', 10), { state })
  decided(actions([writeTo('/a', '1')]), { state })
  assert.equal(short(decided(settle('starting', 10), { state, now: 15_000 })), 'wait')
})

test('a dry run does not wait: after a predicted change the unit is changed, otherwise unknown', () => {
  assert.equal(short(decided(settle('starting', 10), { sends: false })), 'unknown, open')
  const changed = { sends: false, unit: acted(wants('/a', '1')) }
  assert.equal(short(decided(settle('starting', 10), changed)), 'changed')
})

test('the question of a no_log task is not shown', () => {
  const asked = 'Reboot for opensesame?'
  assert.equal(shownQuestion(asked, { name: 'wait', noLog: false }), 'Reboot for opensesame?')
  assert.equal(
    shownQuestion(asked, { name: 'wait', noLog: true }),
    'Continue with "wait"? (the question is hidden by no_log)',
  )
})

const paused = (seconds: number) => ({ kind: 'wait', seconds, reason: 'the pause is not over', whole: true })
test('a pause is waited for once, after everything before it, and not in a dry run', () => {
  const state = freshState()
  const plan = pauseFor({ seconds: 7 })
  assert.equal(short(decided(plan, { sends: false })), 'ok')
  assert.equal(short(decided(plan, { state, waiting: true })), 'flush')
  assert.deepEqual(decided(plan, { state }), paused(7))
  assert.equal(short(decided(plan, { state })), 'ok')
  const waits = { ...settle('starting', 60), pause: { seconds: 7 } }
  assert.deepEqual(decided(waits, { state: freshState() }), paused(7))
})

test('a pause with a question fails without a yes, or without a terminal', () => {
  const state = freshState()
  const plan = pauseFor({ seconds: 0, question: 'Go on?' })
  assert.equal(short(decided(plan, { sends: false, asks: true })), 'ok')
  assert.equal(short(decided(plan, { state })), 'failed not-confirmed')
  const next = decided(plan, { state, asks: true })
  assert.ok(next.kind === 'ask' && next.question === 'Go on?')
  const end = next.declined()
  assert.equal(end.kind === 'failed' && end.failure.problem.message, 'the answer was not to continue')
  assert.deepEqual(decided(plan, { state: { ...state, agreed: 'Go on?' }, asks: true }), paused(0))
})
