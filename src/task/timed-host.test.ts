import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createAwaited } from '../fleet/awaited.ts'
import { createProfile } from '../fleet/profile.ts'
import { FakeTaskHost, wants } from './testing/fake-task-host.ts'
import { timedHost } from './timed-host.ts'
import type { SendCallbacks, Sent, TaskHost } from './window-host.ts'
import type { TaskTimes } from '../events/events.ts'
import type { RealTaskHost } from './task-host.ts'
import type { Unit } from './unit.ts'

/** A host on which every operation takes time, and its profile. */
function timed(): {
  readonly host: RealTaskHost
  readonly times: () => readonly TaskTimes[]
} {
  let now = 0
  const pass = (milliseconds: number): void => void (now += milliseconds)
  const after = <T>(milliseconds: number, value: T): Promise<T> => {
    pass(milliseconds)
    return Promise.resolve(value)
  }
  const fake = new FakeTaskHost()
  const slow: TaskHost = {
    userOf: () => '',
    newOverlay: () => fake.newOverlay(),
    forbids: () => undefined,
    predict: () => Promise.resolve(),
    mayChange: () => undefined,
    whyNot: () => Promise.resolve(undefined),
    settled: () => undefined,
    touched: () => undefined,
    refresh: () => undefined,
    waited: () => undefined,
    overlaps: () => false,
    now: () => now,
    probe: () => after(10, { seen: undefined, touched: new Map(), rests: false }),
    surprises: () => after(20, []),
    hold: () => after(100, { waited: false, release: () => undefined }),
    sleep: () => after(200, undefined),
    confirm: () => after(400, true),
    send(sent, { finished }: SendCallbacks) {
      for (const [index] of sent.entries()) {
        pass(1000 * (index + 1))
        finished(index, 7)
      }
      return Promise.resolve(sent.map(() => ({ kind: 'done' as const })))
    },
  }
  const profile = createProfile(() => now)
  const host = timedHost({ ...slow, generation: () => 3 }, 'one', { profile, awaited: createAwaited() })
  return { host, times: () => profile.times ?? [] }
}

function sent(unit: Unit): Sent {
  const reading = { seen: undefined, touched: new Map(), rests: false }
  const plan = unit.plan(reading)
  const [action] = plan.actions
  assert.ok(action)
  return { unit, planned: { action, plan, reading } }
}

const named = (name: string): Unit => wants(name, '1', { task: { name, key: name } })

test('reads count for the task that is read, and waits for the task before them', async () => {
  const { host, times } = timed()
  const [a, b] = [named('/a'), named('/b')]
  await host.probe(a, undefined)
  await host.probe(b, undefined)
  await host.surprises(b, [])
  await host.hold([])
  await host.sleep(1)
  assert.equal(await host.confirm?.('?'), true)
  assert.deepEqual(
    times().map(({ task, look, wait }) => [task?.name, look, wait]),
    [
      ['/a', 10, 0],
      ['/b', 30, 700],
    ],
  )
})

test('each task of a window counts its own actions', async () => {
  const { host, times } = timed()
  const finished: (readonly [number, number])[] = []
  await host.send([sent(named('/a')), sent(named('/b'))], {
    finished: (...one) => void finished.push(one),
    onWay: () => undefined,
  })
  assert.deepEqual(
    times().map(({ task, act }) => [task?.name, act]),
    [
      ['/a', 1000],
      ['/b', 2000],
    ],
  )
  assert.deepEqual(finished, [
    [0, 7],
    [1, 7],
  ])
})

test('other calls go to the host unchanged; without a terminal no question is asked', () => {
  const { host } = timed()
  assert.equal(host.generation(), 3)
  const { confirm: _, ...silent } = host
  assert.equal(
    'confirm' in timedHost(silent, 'one', { profile: createProfile(() => 0), awaited: createAwaited() }),
    false,
  )
})
