import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostError, UnreachableError } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import type { Action } from '../host/action.ts'
import type { Plan } from '../host/plan.ts'
import { wants, writeTo } from './testing/fake-host.ts'
import { type WatchedSender, watchedSender } from './testing/watched-sender.ts'
import type { Unit } from './unit.ts'
import type { ActionOutcome, Hear, Sent } from './window-host.ts'

const problem = { code: 'x', message: 'no room' }
const [a, b, c] = [writeTo('/a', '1'), writeTo('/b', '2'), writeTo('/c', '3')]
const onNode: Action = { ...writeTo('/n', '1'), on: 'node' }
const restart: Action = { kind: 'containerPower', ctid: '101', verb: 'restart', on: 'node' }

/** The actions of one unit, with a separate plan and by default an empty reading. */
function of(unit: Unit, ...actions: readonly Action[]): readonly Sent[] {
  return planned(unit, { actions, diffs: [], warnings: [] })
}

function planned(unit: Unit, plan: Plan, touched: readonly string[] = []): readonly Sent[] {
  const saw = new Map(touched.map((key) => [key, { content: 'absent' }]))
  return plan.actions.map((action) => ({
    unit,
    planned: { action, plan, reading: { seen: undefined, touched: saw, rests: false } },
  }))
}

const one = wants('/a', '1')
const deaf: Hear = { finished: () => undefined, onWay: () => undefined }

async function outcomes(
  { sender }: WatchedSender,
  sent: readonly Sent[],
): Promise<readonly ActionOutcome['kind'][]> {
  return (await sender.send(sent, deaf)).map(({ kind }) => kind)
}

test('the leases of all machines are taken before anything is carried out, each once', async () => {
  const it = watchedSender()
  await it.sender.send([...of(one, a, onNode, b), ...of(wants('/c', '3'), restart, c)], deaf)
  assert.deepEqual(
    it.log.filter((line) => line.startsWith('lease')),
    ['lease ct', 'lease pve1'],
  )
  assert.deepEqual(it.log.slice(0, 2), ['lease ct', 'lease pve1'])
})

test('a file that comes from the node needs the lease of both', async () => {
  const it = watchedSender()
  await it.sender.send(of(one, { kind: 'push', from: '/f', to: '/g', sha256: '' }), deaf)
  assert.deepEqual(it.log.slice(0, 2), ['lease ct', 'lease pve1'])
  const alone = watchedSender()
  await alone.sender.send(of(one, a), deaf)
  assert.deepEqual(alone.log, ['lease ct', 'act write /a'])
})

test('a refused lease fails the first action, and nothing is carried out', async () => {
  for (const [refusal, kind] of [
    [new HostError(problem), 'failed'],
    [new UnreachableError(problem), 'unreachable'],
  ] as const) {
    const it = watchedSender()
    it.refusals.set('pve1', refusal)
    assert.deepEqual(await outcomes(it, of(one, a, onNode)), [kind, 'notBegun'])
    assert.deepEqual(it.frames, [])
  }
})

test('an action that takes a machine down is sent separately, with the steps before and after it', async () => {
  const it = watchedSender()
  assert.deepEqual(await outcomes(it, of(one, a, b, restart, c)), ['done', 'done', 'done', 'done'])
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
  assert.deepEqual(await outcomes(it, of(one, a, b, restart, c)), ['done', 'failed', 'notBegun', 'notBegun'])
  assert.deepEqual(it.log.slice(2), ['act write /a, write /b'])
})

test('a failure keeps its reply, a busy lock is a failure, and a stale action names the change', async () => {
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
      { kind: 'locked', problem },
      { kind: 'failed', problem },
    ],
    [
      { kind: 'stale', what: '/a was changed' },
      { kind: 'stale', why: '/a was changed' },
    ],
  ] as const) {
    const it = watchedSender()
    it.results.set('write /a', [result])
    assert.deepEqual(await it.sender.send(of(one, a), deaf), [outcome])
  }
})

test('a dropped connection is opened again once, on the machine of the lost actions', async () => {
  const it = watchedSender()
  const lost = { kind: 'lost', why: 'reset' } as const
  it.results.set('write /n', [lost]).set('write /c', [lost])
  assert.deepEqual(await outcomes(it, of(one, onNode, c, restart)), ['lost', 'lost', 'notBegun'])
  assert.deepEqual(it.log.slice(2), ['act write /n, write /c', 'reconnect pve1'])
})

test('after an interruption no lease is taken and nothing is sent', async () => {
  const it = watchedSender()
  it.abort()
  const [first, second] = await it.sender.send(of(one, a, b), deaf)
  assert.equal(first?.kind === 'failed' && first.problem.code, 'interrupted')
  assert.deepEqual([second?.kind, it.log], ['notBegun', []])
})

test('an action that an interruption prevented fails as interrupted, in a frame or alone', async () => {
  for (const second of [b, restart]) {
    const it = watchedSender()
    it.before = (action) => {
      if (action === second) it.abort()
    }
    const ended = await it.sender.send(of(one, a, second, c), deaf)
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
  await it.sender.send(of(one, a, restart, b, c), {
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
  await it.sender.send([...of(first, a, onNode, b, onNode), ...of(second, c)], deaf)
  const notes = it.frames[0]?.map((step) => step.notes.map(({ value }) => value))
  const note = (by: string): object => ({ host: 'ct', name: 'restart x', by })
  assert.deepEqual(notes, [[note('first')], [note('first')], [], [], [note('second')]])
})

test('if the user cannot write the state directory, handlers are recorded before the change by its owner', async () => {
  const it = watchedSender()
  const unit = wants('/a', '1', { task: notifies })
  it.becomes.set('/a', { user: 'www-data', method: 'sudo' })
  await it.sender.send(of(unit, a, b), deaf)
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
  assert.deepEqual(await outcomes(it, of(unit, a, b)), ['failed', 'notBegun'])
  assert.equal(it.frames.length, 1)
})

test('an action expects the reading of its plan, except for changes of earlier actions of that plan', async () => {
  const it = watchedSender()
  const both: Plan = { actions: [a, b, { ...a, label: 'again' }], diffs: [], warnings: [] }
  const saw = ['ct file:/a', 'ct file:/b', 'pve1 file:/a']
  await it.sender.send(
    [...planned(one, both, saw), ...planned(wants('/a', '2'), { ...both, actions: [a] }, saw)],
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
  await it.sender.send(of(unit, program, a), deaf)
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
    await it.sender.send(of(one, a), deaf)
    const { node } = it.machine
    assert.ok(node)
    const [context] = it.contexts
    assert.deepEqual([context?.lease?.(it.machine.name), context?.lease?.(node.name)], [token, 4])
  }
})

test('long work reports its progress, with task and item', async () => {
  const it = watchedSender()
  const unit = wants('/b', '2', { item: { label: 'two' }, task: { key: 'b' } })
  await it.sender.send([...of(one, a), ...of(unit, b)], deaf)
  it.contexts[0]?.progress?.(1, 'half', 5, 10)
  it.contexts[0]?.progress?.(0, 'begun')
  assert.deepEqual(
    it.events.flatMap((event) =>
      event.type === 'task.progress'
        ? [[event.task.id, event.item, event.message, event.done, event.total]]
        : [],
    ),
    [
      ['b', 'two', 'half', 5, 10],
      ['write', undefined, 'begun', undefined, undefined],
    ],
  )
})

test('sending nothing takes no lease', async () => {
  const it = watchedSender()
  assert.deepEqual([await it.sender.send([], deaf), it.log], [[], []])
})

test('actions in flight are announced once, and only if questions share the shell of the actions', async () => {
  const told: string[] = []
  const hear: Hear = { ...deaf, onWay: () => void told.push('on its way') }
  await watchedSender('ct').sender.send(of(one, a, b), hear)
  assert.deepEqual(told, [], 'a container is asked and changed on shells of their own')
  await watchedSender('alone').sender.send(
    of(one, a, { kind: 'reboot', reason: 'test', slots: [], label: 'reboot' }, b),
    hear,
  )
  assert.deepEqual(told, ['on its way'], 'not while more is to be sent')
})
