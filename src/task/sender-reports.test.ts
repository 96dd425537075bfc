import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Action } from '../host/action.ts'
import { wants, writeTo } from './testing/fake-task-host.ts'
import { deaf, one, outcomes, sentBy } from './testing/sent.ts'
import { watchedSender } from './testing/watched-sender.ts'
import type { SendCallbacks } from './window-host.ts'

const [a, b] = [writeTo('/a', '1'), writeTo('/b', '2')]

test('long work reports its progress, with task and item', async () => {
  const it = watchedSender()
  const unit = wants('/b', '2', { item: { label: 'two' }, task: { key: 'b' } })
  await it.sender.send([...sentBy(one, a), ...sentBy(unit, b)], deaf)
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

test('the log of a program is reported with its machine, but not under no_log', async () => {
  const shown: unknown[] = []
  for (const noLog of [false, true]) {
    const it = watchedSender()
    await it.sender.send(sentBy(wants('/b', '2', { task: { noLog } }), { ...b, on: 'node' }), deaf)
    it.contexts[0]?.log?.(0, '/var/log/x.log', 'built\n')
    shown.push(
      it.events.flatMap((event) =>
        event.type === 'program.log' ? [[event.host, event.on, event.path, event.text]] : [],
      ),
    )
  }
  assert.deepEqual(shown, [[['ct', 'pve1', '/var/log/x.log', 'built\n']], []])
})

test('no_log hides the progress of long work', async () => {
  const it = watchedSender()
  await it.sender.send(sentBy(wants('/b', '2', { task: { noLog: true } }), b), deaf)
  it.contexts[0]?.progress?.(0, 'downloading from a hidden address', 5, 10)
  assert.equal(it.contexts.length, 1)
  assert.deepEqual(
    it.events.filter(({ type }) => type === 'task.progress'),
    [],
  )
})

test('sending nothing takes no lease', async () => {
  const it = watchedSender()
  assert.deepEqual([await it.sender.send([], deaf), it.log], [[], []])
})

test('actions in flight are announced once, and only if questions share the shell of the actions', async () => {
  const told: string[] = []
  const hear: SendCallbacks = { ...deaf, onWay: () => void told.push('on its way') }
  await watchedSender('ct').sender.send(sentBy(one, a, b), hear)
  assert.deepEqual(told, [], 'questions and actions of a container use separate shells')
  await watchedSender('alone').sender.send(
    sentBy(one, a, { kind: 'reboot', reason: 'test', slots: [], label: 'reboot' }, b),
    hear,
  )
  assert.deepEqual(told, ['on its way'], 'no announcement before the last frame')
})

test('the reason of a reboot is shown, but not that of a no_log task', async () => {
  for (const [noLog, shown] of [
    [false, 'the kernel of opensesame'],
    [true, 'hidden by no_log'],
  ] as const) {
    const it = watchedSender('alone')
    const unit = wants('/a', '1', { task: { noLog } })
    const action: Action = { kind: 'reboot', reason: 'the kernel of opensesame', slots: [] }
    assert.deepEqual(await outcomes(it, sentBy(unit, action)), ['done'])
    assert.equal(it.log[1], `down alone: ${shown}`)
    assert.deepEqual(
      it.frames[0]?.map((step) => step.action),
      [action],
    )
  }
})
