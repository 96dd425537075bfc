import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostError, UnreachableError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { Action } from '../host/action.ts'
import type { Plan } from '../host/plan.ts'
import { wants, writeTo } from './testing/fake-task-host.ts'
import { deaf, one, outcomes, sentAs, sentBy } from './testing/sent.ts'
import { watchedSender } from './testing/watched-sender.ts'

const problem = { code: 'x', message: 'no room' }
const [a, b, c] = [writeTo('/a', '1'), writeTo('/b', '2'), writeTo('/c', '3')]
const onNode: Action = { ...writeTo('/n', '1'), on: 'node' }
const restart: Action = { kind: 'containerPower', ctid: '101', verb: 'restart', on: 'node' }

test('the leases of all machines are taken before anything is carried out, each once', async () => {
  const it = watchedSender()
  await it.sender.send([...sentBy(one, a, onNode, b), ...sentBy(wants('/c', '3'), restart, c)], deaf)
  assert.deepEqual(
    it.log.filter((line) => line.startsWith('lease')),
    ['lease ct', 'lease pve1'],
  )
  assert.deepEqual(it.log.slice(0, 2), ['lease ct', 'lease pve1'])
})

test('a file that comes from the node needs the lease of both', async () => {
  const it = watchedSender()
  await it.sender.send(sentBy(one, { kind: 'push', from: '/f', to: '/g', sha256: '' }), deaf)
  assert.deepEqual(it.log.slice(0, 2), ['lease ct', 'lease pve1'])
  const alone = watchedSender()
  await alone.sender.send(sentBy(one, a), deaf)
  assert.deepEqual(alone.log, ['lease ct', 'act write /a'])
})

test('a refused lease fails the first action, and nothing is carried out', async () => {
  for (const [refusal, kind] of [
    [new HostError(problem), 'failed'],
    [new UnreachableError(problem), 'unreachable'],
  ] as const) {
    const it = watchedSender()
    it.refusals.set('pve1', refusal)
    assert.deepEqual(await outcomes(it, sentBy(one, a, onNode)), [kind, 'notBegun'])
    assert.deepEqual(it.frames, [])
  }
})

test('an unexpected error while sending fails the first action of this host, not the run', async () => {
  const it = watchedSender()
  it.before = () => {
    throw new TypeError('an answer without words')
  }
  const [first, second] = await it.sender.send(sentBy(one, a, b), deaf)
  assert.equal(first?.kind === 'failed' && first.problem.code, 'internal-error')
  assert.equal(second?.kind, 'notBegun')
})

test('an action that takes a machine down is sent separately, with the steps before and after it', async () => {
  const it = watchedSender()
  assert.deepEqual(await outcomes(it, sentBy(one, a, b, restart, c)), ['done', 'done', 'done', 'done'])
  assert.deepEqual(it.log.slice(2), [
    'act write /a, write /b',
    'down pve1',
    'act restart container 101',
    'up pve1',
    'act write /c',
  ])
})

test('after a failure nothing more is sent', async () => {
  const it = watchedSender()
  it.results.set('write /b', [{ kind: 'failed', problem }])
  assert.deepEqual(await outcomes(it, sentBy(one, a, b, restart, c)), [
    'done',
    'failed',
    'notBegun',
    'notBegun',
  ])
  assert.deepEqual(it.log.slice(2), ['act write /a, write /b'])
})

test('a failure keeps its reply, and a stale action names the change', async () => {
  const reply = { code: 1, stdout: '', stderr: 'full' }
  for (const [result, outcome] of [
    [
      { kind: 'failed', problem, reply },
      { kind: 'failed', problem, reply },
    ],
    [
      { kind: 'failed', problem },
      { kind: 'failed', problem },
    ],
    [
      { kind: 'stale', why: '/a was changed' },
      { kind: 'stale', why: '/a was changed' },
    ],
  ] as const) {
    const it = watchedSender()
    it.results.set('write /a', [result])
    assert.deepEqual(await it.sender.send(sentBy(one, a), deaf), [outcome])
  }
})

test('a dropped connection is opened again once, on the machine of the lost actions', async () => {
  const it = watchedSender()
  const lost = { kind: 'lost', why: 'reset' } as const
  it.results.set('write /n', [lost]).set('write /c', [lost])
  assert.deepEqual(await outcomes(it, sentBy(one, onNode, c, restart)), ['lost', 'lost', 'notBegun'])
  assert.deepEqual(it.log.slice(2), ['act write /n, write /c', 'reconnect pve1'])
})

test('after an interruption no lease is taken and nothing is sent', async () => {
  const it = watchedSender()
  it.abort()
  const [first, second] = await it.sender.send(sentBy(one, a, b), deaf)
  assert.equal(first?.kind === 'failed' && first.problem.code, 'interrupted')
  assert.deepEqual([second?.kind, it.log], ['notBegun', []])
})

test('an action that an interruption prevented fails as interrupted, in a frame or alone', async () => {
  for (const second of [b, restart]) {
    const it = watchedSender()
    it.before = (action) => {
      if (action === second) it.abort()
    }
    const ended = await it.sender.send(sentBy(one, a, second, c), deaf)
    assert.deepEqual(
      ended.map((outcome) => (outcome.kind === 'failed' ? outcome.problem.code : outcome.kind)),
      ['done', 'interrupted', 'notBegun'],
    )
  }
})

test('each action is reported with its own time; one that takes a machine down includes the wait', async () => {
  const it = watchedSender()
  it.results.set('write /c', [{ kind: 'failed', problem }])
  const finished: (readonly [number, number])[] = []
  await it.sender.send(sentBy(one, a, restart, b, c), {
    ...deaf,
    finished: (...told) => void finished.push(told),
  })
  assert.deepEqual(finished, [
    [0, 10],
    [1, 15],
    [2, 10],
  ])
})

const notifies = { notify: [{ name: 'restart x', where: { file: 'f', line: 1, column: 1 } }] }

test('the first change of each unit on a machine records its handlers there', async () => {
  const it = watchedSender()
  const first = wants('/a', '1', { task: { key: 'first', ...notifies } })
  const second = wants('/b', '2', { task: { key: 'second', ...notifies } })
  await it.sender.send([...sentBy(first, a, onNode, b, onNode), ...sentBy(second, c)], deaf)
  const notes = it.frames[0]?.map((step) => step.notes.map(({ value }) => value))
  const note = (by: string): object => ({ host: 'ct', name: 'restart x', by })
  assert.deepEqual(notes, [[note('first')], [note('first')], [], [], [note('second')]])
})

test('if the user cannot write the state directory, handlers are recorded before the change by its owner', async () => {
  const it = watchedSender()
  const unit = wants('/a', '1', { task: notifies })
  it.becomes.set('/a', { user: 'www-data', method: 'sudo' })
  await it.sender.send(sentBy(unit, a, b), deaf)
  assert.deepEqual(it.log, [
    'lease ct',
    'act create the directory /state/pending, record the handlers to notify',
    'act write /a, write /b',
  ])
  assert.deepEqual(it.users, ['', 'www-data'])
  assert.deepEqual(
    it.frames[1]?.map(({ notes }) => notes),
    [[], []],
  )
})

test('a note that cannot be recorded is a failure, and nothing is changed', async () => {
  const it = watchedSender()
  const unit = wants('/a', '1', { task: notifies })
  it.becomes.set('/a', { user: 'www-data', method: 'sudo' })
  it.results.set('record the handlers to notify', [{ kind: 'failed', problem }])
  assert.deepEqual(await outcomes(it, sentBy(unit, a, b)), ['failed', 'notBegun'])
  assert.equal(it.frames.length, 1)
})

test('an action expects the reading of its plan, except for changes of earlier actions of that plan', async () => {
  const it = watchedSender()
  const both: Plan = { actions: [a, b, { ...a, label: 'again' }], diffs: [], warnings: [] }
  const saw = ['ct file:/a', 'ct file:/b', 'pve1 file:/a']
  await it.sender.send(
    [...sentAs(one, both, saw), ...sentAs(wants('/a', '2'), { ...both, actions: [a] }, saw)],
    deaf,
  )
  assert.deepEqual(
    it.frames[0]?.map(({ expects }) => [...expects.keys()]),
    [['/a'], ['/b'], [], ['/a']],
  )
})

test('programs get the environment of the task with secrets as text; their own variables take precedence', async () => {
  const it = watchedSender()
  const unit = wants('/a', '1', { ready: { environment: { A: 'task', B: new Secret('hunter2') } } })
  const program: Action = { kind: 'run', argv: ['x'], environment: { A: 'own' } }
  await it.sender.send(sentBy(unit, program, a), deaf)
  const [first, second] = it.frames[0] ?? []
  assert.deepEqual(first?.action, { ...program, environment: { A: 'own', B: 'hunter2' } })
  assert.equal(second?.action, a)
})

test('the token of a lease is compared only if the user can read it, and always on the node', async () => {
  for (const [user, token] of [
    [undefined, 2],
    ['www-data', undefined],
  ] as const) {
    const it = watchedSender()
    if (user !== undefined) it.becomes.set('/a', { user, method: 'sudo' })
    await it.sender.send(sentBy(one, a), deaf)
    const { node } = it.machine
    assert.ok(node)
    const [context] = it.contexts
    assert.deepEqual([context?.lease?.(it.machine.name), context?.lease?.(node.name)], [token, 4])
  }
})
