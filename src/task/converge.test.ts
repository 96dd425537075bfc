import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defined } from '../base/defined.ts'
import { HostError } from '../base/errors.ts'
import { actions, done, type Plan, refuse, settle } from '../host/plan.ts'
import type { ActionOutcome } from './window-host.ts'
import { type PlanOfWords, runWords, write } from './testing/word-host.ts'

const oneWord: PlanOfWords = (words) => (words.includes('a') ? done() : actions([write('a')]))

test('a converged unit is ok, with one probe and no action', async () => {
  const { result, world } = await runWords(() => done())
  assert.equal(result.kind, 'ok')
  assert.equal(world.probes, 1)
})

test('a change is probed again, and the unit is changed if nothing is left', async () => {
  const { result, world } = await runWords(oneWord)
  assert.equal(result.kind, 'changed')
  assert.deepEqual(result.labels, ['write /a'])
  // Reads the host, the prediction, and the host again.
  assert.equal(world.probes, 3)
  assert.equal(world.frames, 1)
})

test('a final plan that leaves actions fails the task and lists them', async () => {
  const { result } = await runWords(() => actions([write('a')]))
  assert.equal(result.kind, 'failed')
  assert.match(
    result.kind === 'failed' ? result.failure.problem.message : '',
    /did not converge.*still to do after its changes: write \/a/,
  )
})

test('stages follow each other; one that recurs fails the task', async () => {
  const { result } = await runWords((words) =>
    words.length < 2 ? actions([write(`w${words.length}`)], { stage: `s${words.length}` }) : done(),
  )
  assert.deepEqual(result.labels, ['write /w0', 'write /w1'])
  assert.equal(result.kind, 'changed')
  const recurring = await runWords(() => actions([write('a')], { stage: 'again' }))
  assert.equal(recurring.result.kind, 'failed')
})

test('a dry run carries out nothing and predicts all stages', async () => {
  const { result, world } = await runWords(
    (words) =>
      words.length < 2 ? actions([write(`w${words.length}`)], { stage: `s${words.length}` }) : done(),
    { check: true },
  )
  assert.equal(result.kind, 'changed')
  assert.deepEqual(world.acted, [])
  assert.deepEqual(result.labels, ['write /w0', 'write /w1'])
})

test('a dry run with an unknown value is unknown, or changed after a predicted change', async () => {
  const before = await runWords(oneWord, { check: true, unknownAfter: 0 })
  assert.equal(before.result.kind, 'unknown')
  assert.equal(
    before.result.kind === 'unknown' ? before.result.why : '',
    'the package will only come with the run',
  )
  const after = await runWords(oneWord, { check: true, unknownAfter: 1 })
  assert.equal(after.result.kind, 'changed')
})

test('an imperative unit runs once and is unknown in a dry run', async () => {
  const real = await runWords(() => actions([write('a')]), { imperative: true })
  assert.equal(real.result.kind, 'changed')
  assert.deepEqual(real.world.acted, ['a'])
  const dry = await runWords(() => actions([write('a')]), { imperative: true, check: true })
  assert.equal(dry.result.kind, 'unknown')
})

test('a plan that leaves no trace is carried out once, and a dry run predicts it', async () => {
  const plan = (): Plan => actions([write('a')], { once: true })
  const { result, world } = await runWords(plan)
  assert.deepEqual([result.kind, world.acted], ['changed', ['a']])
  assert.equal((await runWords(plan, { check: true })).result.kind, 'changed')
})

test('a stale plan is made again, at most three times', async () => {
  const stale: ActionOutcome = { kind: 'stale', why: '/etc/x has changed' }
  const { result } = await runWords(oneWord, { outcomes: [stale, stale, stale] })
  assert.equal(result.kind, 'changed')
  const never = await runWords(oneWord, { outcomes: [stale, stale, stale, stale] })
  assert.equal(never.result.kind, 'failed')
  assert.match(
    never.result.kind === 'failed' ? never.result.failure.problem.message : '',
    /\/etc\/x has changed/,
  )
})

test('after a lost connection the unit probes again and never acts blindly', async () => {
  const { result, world } = await runWords(oneWord, { outcomes: [{ kind: 'lost', why: 'reset' }] })
  assert.equal(result.kind, 'changed')
  assert.equal(world.frames, 2)
  assert.deepEqual(world.acted, ['a'])
  const imperative = await runWords(() => actions([write('a')]), {
    imperative: true,
    outcomes: [{ kind: 'lost', why: 'reset' }],
  })
  assert.equal(imperative.result.kind, 'failed')
  assert.deepEqual(imperative.world.acted, [])
})

test('actions stop at the first failure, and the task reports its earlier changes', async () => {
  const { result, world } = await runWords(() => actions([write('a'), write('b'), write('c')]), {
    outcomes: [{ kind: 'done' }, { kind: 'failed', problem: { code: 'x', message: 'no room' } }],
  })
  assert.equal(result.kind, 'failed')
  assert.equal(result.kind === 'failed' && result.changed, true)
  assert.deepEqual(world.acted, ['a'])
})

test('settling waits with back-off until its deadline', async () => {
  const patient = await runWords((_words, world) => (world.clock < 3000 ? settle('starting', 10) : done()))
  assert.deepEqual([patient.result.kind, patient.told], ['ok', ['waiting up to 10 s: starting']])
  assert.deepEqual((await runWords((_, { clock }) => (clock < 1000 ? settle('x', 10) : done()))).told, [])
  const tired = await runWords(() => settle('starting', 10))
  assert.match(
    tired.result.kind === 'failed' ? tired.result.failure.problem.message : '',
    /timed out after 10 s: starting/,
  )
})

test('out of time in the middle of a look, it names what it waited for', async () => {
  const late = async (silentAfter: number): Promise<string> => {
    const { result } = await runWords(() => settle('starting', 10), { timeout: 0.3, silentAfter })
    return result.kind === 'failed' ? result.failure.problem.message : ''
  }
  assert.equal(await late(1), 'timed out after 0.3 s: starting')
  assert.equal(await late(0), 'timed out after 0.3 s: the host has not answered')
})

test('if others held the resources first, the host is read again before acting', async () => {
  const { result, world } = await runWords(oneWord, { staleOnce: true })
  assert.equal(result.kind, 'changed')
  assert.equal(world.frames, 1)
  assert.equal(world.probes, 5)
})

test('a refusal fails the task with its own exit code and findings', async () => {
  const { result } = await runWords(() =>
    refuse({ code: 'no', message: 'not so', exitCode: 4, findings: [{ message: 'one' }] }),
  )
  assert.equal(result.kind === 'failed' && result.failure.exitCode, 4)
  assert.equal(result.kind === 'failed' && result.failure.findings.length, 1)
})

test('a read that fails on the host fails the task with its message', async () => {
  const { result } = await runWords(() => {
    throw new HostError({ code: 'unreadable', message: 'cannot read /etc/x' })
  })
  assert.equal(result.kind === 'failed' && result.failure.problem.message, 'cannot read /etc/x')
})

const question = { question: 'Restart it now?', declined: 'REBOOT PENDING' }
const asking: PlanOfWords = (words) =>
  words.includes('reboot') ? done() : actions([{ kind: 'reboot', reason: '', slots: [], ask: question }])

test('confirmed actions are carried out; a question is asked once', async () => {
  const asked: string[] = []
  const { result } = await runWords(asking, { confirm: (text) => Promise.resolve(asked.push(text) > 0) })
  assert.equal(result.kind, 'changed')
  assert.deepEqual(asked, ['Restart it now?'])
  assert.deepEqual(result.warnings, [])
})

test('declined actions are left out and reported, as without a terminal', async () => {
  for (const confirm of [() => Promise.resolve(false), undefined]) {
    const { result, world } = await runWords(asking, defined({ confirm }))
    assert.equal(result.kind, 'ok')
    assert.deepEqual(result.warnings, ['REBOOT PENDING'])
    assert.deepEqual(world.acted, [])
  }
})

test('a dry run asks no questions: unknown with a terminal, declined without one', async () => {
  const confirm = (): Promise<boolean> => Promise.reject(new Error('asked in a dry run'))
  const open = await runWords(asking, { check: true, confirm })
  assert.deepEqual(
    [open.result.kind, open.result.kind === 'unknown' && open.result.why],
    ['unknown', 'the run asks first: Restart it now?'],
  )
  const alone = await runWords(asking, { check: true })
  assert.deepEqual([alone.result.kind, alone.result.warnings], ['ok', ['REBOOT PENDING']])
})
