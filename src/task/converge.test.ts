import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defined } from '../base/defined.ts'
import { hostName } from '../base/brand.ts'
import { HostError } from '../base/errors.ts'
import { Unknown, UnknownError } from '../base/unknown.ts'
import type { Action } from '../host/action.ts'
import { createOverlay, type Overlay } from '../host/overlay.ts'
import { actions, done, type Plan, refuse, settle } from '../host/plan.ts'
import type { Module } from '../modules/module.ts'
import { settleUnit } from './testing/one-unit.ts'
import { unitOf } from './testing/test-units.ts'
import { type Converged, Progress } from './unit.ts'
import type { ActionOutcome, TaskHost } from './window-host.ts'

/** A host whose state is a list of words; an action adds one. */
interface World {
  readonly words: string[]
  readonly acted: string[]
  readonly predicted: Map<Overlay, string[]>
  probes: number
  frames: number
  clock: number
}

function write(word: string): Action {
  return { kind: 'writeFile', path: `/${word}`, content: { kind: 'text', text: word } }
}

function wordOf(action: Action): string {
  return action.kind === 'writeFile' ? action.path.slice(1) : action.kind
}

type PlanOf = (words: readonly string[], world: World) => Plan

interface Options extends Pick<TaskHost, 'confirm'> {
  readonly check?: boolean
  readonly outcomes?: readonly ActionOutcome[]
  readonly imperative?: boolean
  readonly staleOnce?: boolean
  readonly unknownAfter?: number
}

function hostOf(world: World, options: Options): TaskHost {
  const outcomes = [...(options.outcomes ?? [])]
  let staleLeft = options.staleOnce === true
  return {
    ...defined({ confirm: options.confirm }),
    userOf: () => '',
    newOverlay: createOverlay,
    forbids: () => undefined,
    probe(_unit, overlay) {
      world.probes += 1
      if (options.unknownAfter !== undefined && world.probes > options.unknownAfter)
        return Promise.reject(new UnknownError(new Unknown('the package will only come with the run')))
      const predicted = overlay === undefined ? [] : (world.predicted.get(overlay) ?? [])
      return Promise.resolve({
        seen: [...world.words, ...predicted],
        touched: new Map(),
        rests: predicted.length > 0,
      })
    },
    predict(_unit, planned, overlay) {
      for (const action of planned) {
        overlay.apply({ name: hostName('words') }, action)
        world.predicted.set(overlay, [...(world.predicted.get(overlay) ?? []), wordOf(action)])
      }
      return Promise.resolve()
    },
    mayChange: () => undefined,
    whyNot: () => Promise.resolve(undefined),
    hold() {
      const waited = staleLeft
      staleLeft = false
      return Promise.resolve({ waited, release: () => undefined })
    },
    send(sent, { finished }) {
      world.frames += 1
      const results: ActionOutcome[] = []
      for (const [index, { planned }] of sent.entries()) {
        const bad = results.some(({ kind }) => kind !== 'done')
        const outcome: ActionOutcome = bad ? { kind: 'notBegun' } : (outcomes.shift() ?? { kind: 'done' })
        results.push(outcome)
        if (outcome.kind !== 'done') continue
        world.words.push(wordOf(planned.action))
        world.acted.push(wordOf(planned.action))
        finished(index, 0)
      }
      return Promise.resolve(results)
    },
    settled: () => undefined,
    touched: () => undefined,
    refresh: () => undefined,
    waited: () => undefined,
    overlaps: () => false,
    surprises: () => Promise.resolve([]),
    sleep(seconds) {
      world.clock += seconds * 1000
      return Promise.resolve()
    },
    now: () => world.clock,
  }
}

/** Runs one unit to its end, like a sequence with one task. */
async function run(
  planOf: PlanOf,
  options: Options = {},
): Promise<{ readonly result: Converged; readonly world: World; readonly told: readonly string[] }> {
  const world: World = { words: [], acted: [], predicted: new Map(), probes: 0, frames: 0, clock: 0 }
  const module: Module = {
    name: 'words',
    summary: 'adds words',
    args: { type: 'object' },
    result: { type: 'object' },
    imperative: () => options.imperative === true,
    probe: () => Promise.resolve([]),
    plan: (_args, seen) => planOf(seen as string[], world),
  }
  const progress = new Progress()
  const overlay = options.check === true ? createOverlay() : undefined
  const { converged, told } = await settleUnit(
    () => unitOf(module, progress),
    hostOf(world, options),
    overlay,
  )
  return { result: converged, world, told }
}

const oneWord: PlanOf = (words) => (words.includes('a') ? done() : actions([write('a')]))

test('a converged unit is ok, with one probe and no action', async () => {
  const { result, world } = await run(() => done())
  assert.equal(result.kind, 'ok')
  assert.equal(world.probes, 1)
})

test('a change is probed again, and the unit is changed if nothing is left', async () => {
  const { result, world } = await run(oneWord)
  assert.equal(result.kind, 'changed')
  assert.deepEqual(result.labels, ['write /a'])
  // Reads the host, the prediction, and the host again.
  assert.equal(world.probes, 3)
  assert.equal(world.frames, 1)
})

test('a final plan that leaves actions fails the task and lists them', async () => {
  const { result } = await run(() => actions([write('a')]))
  assert.equal(result.kind, 'failed')
  assert.match(
    result.kind === 'failed' ? result.failure.problem.message : '',
    /did not converge.*still to do after its changes: write \/a/,
  )
})

test('stages follow each other; one that recurs fails the task', async () => {
  const { result } = await run((words) =>
    words.length < 2 ? actions([write(`w${words.length}`)], { stage: `s${words.length}` }) : done(),
  )
  assert.deepEqual(result.labels, ['write /w0', 'write /w1'])
  assert.equal(result.kind, 'changed')
  const recurring = await run(() => actions([write('a')], { stage: 'again' }))
  assert.equal(recurring.result.kind, 'failed')
})

test('a dry run carries out nothing and predicts all stages', async () => {
  const { result, world } = await run(
    (words) =>
      words.length < 2 ? actions([write(`w${words.length}`)], { stage: `s${words.length}` }) : done(),
    { check: true },
  )
  assert.equal(result.kind, 'changed')
  assert.deepEqual(world.acted, [])
  assert.deepEqual(result.labels, ['write /w0', 'write /w1'])
})

test('a dry run with an unknown value is unknown, or changed after a predicted change', async () => {
  const before = await run(oneWord, { check: true, unknownAfter: 0 })
  assert.equal(before.result.kind, 'unknown')
  assert.equal(
    before.result.kind === 'unknown' ? before.result.why : '',
    'the package will only come with the run',
  )
  const after = await run(oneWord, { check: true, unknownAfter: 1 })
  assert.equal(after.result.kind, 'changed')
})

test('an imperative unit runs once and is unknown in a dry run', async () => {
  const real = await run(() => actions([write('a')]), { imperative: true })
  assert.equal(real.result.kind, 'changed')
  assert.deepEqual(real.world.acted, ['a'])
  const dry = await run(() => actions([write('a')]), { imperative: true, check: true })
  assert.equal(dry.result.kind, 'unknown')
})

test('a plan that leaves no trace is carried out once, and a dry run predicts it', async () => {
  const plan = (): Plan => actions([write('a')], { once: true })
  const { result, world } = await run(plan)
  assert.deepEqual([result.kind, world.acted], ['changed', ['a']])
  assert.equal((await run(plan, { check: true })).result.kind, 'changed')
})

test('a stale plan is made again, at most three times', async () => {
  const stale: ActionOutcome = { kind: 'stale', why: '/etc/x has changed' }
  const { result } = await run(oneWord, { outcomes: [stale, stale, stale] })
  assert.equal(result.kind, 'changed')
  const never = await run(oneWord, { outcomes: [stale, stale, stale, stale] })
  assert.equal(never.result.kind, 'failed')
  assert.match(
    never.result.kind === 'failed' ? never.result.failure.problem.message : '',
    /\/etc\/x has changed/,
  )
})

test('after a lost connection the unit probes again and never acts blindly', async () => {
  const { result, world } = await run(oneWord, { outcomes: [{ kind: 'lost', why: 'reset' }] })
  assert.equal(result.kind, 'changed')
  assert.equal(world.frames, 2)
  assert.deepEqual(world.acted, ['a'])
  const imperative = await run(() => actions([write('a')]), {
    imperative: true,
    outcomes: [{ kind: 'lost', why: 'reset' }],
  })
  assert.equal(imperative.result.kind, 'failed')
  assert.deepEqual(imperative.world.acted, [])
})

test('actions stop at the first failure, and the task reports its earlier changes', async () => {
  const { result, world } = await run(() => actions([write('a'), write('b'), write('c')]), {
    outcomes: [{ kind: 'done' }, { kind: 'failed', problem: { code: 'x', message: 'no room' } }],
  })
  assert.equal(result.kind, 'failed')
  assert.equal(result.kind === 'failed' && result.changed, true)
  assert.deepEqual(world.acted, ['a'])
})

test('settling waits with back-off until its deadline', async () => {
  const patient = await run((_words, world) => (world.clock < 3000 ? settle('starting', 10) : done()))
  assert.deepEqual([patient.result.kind, patient.told], ['ok', ['waiting up to 10 s: starting']])
  assert.deepEqual((await run((_, { clock }) => (clock < 1000 ? settle('x', 10) : done()))).told, [])
  const tired = await run(() => settle('starting', 10))
  assert.match(
    tired.result.kind === 'failed' ? tired.result.failure.problem.message : '',
    /timed out after 10 s: starting/,
  )
})

test('if others held the resources first, the host is read again before acting', async () => {
  const { result, world } = await run(oneWord, { staleOnce: true })
  assert.equal(result.kind, 'changed')
  assert.equal(world.frames, 1)
  assert.equal(world.probes, 5)
})

test('a refusal fails the task with its own exit code and findings', async () => {
  const { result } = await run(() =>
    refuse({ code: 'no', message: 'not so', exitCode: 4, findings: [{ message: 'one' }] }),
  )
  assert.equal(result.kind === 'failed' && result.failure.exitCode, 4)
  assert.equal(result.kind === 'failed' && result.failure.findings.length, 1)
})

test('a read that fails on the host fails the task with its message', async () => {
  const { result } = await run(() => {
    throw new HostError({ code: 'unreadable', message: 'cannot read /etc/x' })
  })
  assert.equal(result.kind === 'failed' && result.failure.problem.message, 'cannot read /etc/x')
})

const question = { question: 'Restart it now?', declined: 'REBOOT PENDING' }
const asking: PlanOf = (words) =>
  words.includes('reboot') ? done() : actions([{ kind: 'reboot', reason: '', slots: [], ask: question }])

test('confirmed actions are carried out; a question is asked once', async () => {
  const asked: string[] = []
  const { result } = await run(asking, { confirm: (text) => Promise.resolve(asked.push(text) > 0) })
  assert.equal(result.kind, 'changed')
  assert.deepEqual(asked, ['Restart it now?'])
  assert.deepEqual(result.warnings, [])
})

test('declined actions are left out and reported, as without a terminal', async () => {
  for (const confirm of [() => Promise.resolve(false), undefined]) {
    const { result, world } = await run(asking, defined({ confirm }))
    assert.equal(result.kind, 'ok')
    assert.deepEqual(result.warnings, ['REBOOT PENDING'])
    assert.deepEqual(world.acted, [])
  }
})

test('a dry run asks no questions: unknown with a terminal, declined without one', async () => {
  const confirm = (): Promise<boolean> => Promise.reject(new Error('asked in a dry run'))
  const open = await run(asking, { check: true, confirm })
  assert.deepEqual(
    [open.result.kind, open.result.kind === 'unknown' && open.result.why],
    ['unknown', 'the run asks first: Restart it now?'],
  )
  const alone = await run(asking, { check: true })
  assert.deepEqual([alone.result.kind, alone.result.warnings], ['ok', ['REBOOT PENDING']])
})
