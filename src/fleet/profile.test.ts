import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TaskRef } from '../events/events.ts'
import { createProfile, noProfile, type Phase, type Profile } from './profile.ts'

interface Clocked {
  readonly profile: Profile
  readonly pass: (milliseconds: number) => void
  readonly begin: (
    phase: Phase,
    task?: TaskRef,
    host?: string,
  ) => { readonly end: () => Promise<void>; readonly turn: (next: TaskRef) => void }
}

/** Work that lasts until the test ends it. */
function clocked(): Clocked {
  let now = 0
  const profile = createProfile(() => now)
  return {
    profile,
    pass: (milliseconds: number) => void (now += milliseconds),
    begin(phase: Phase, task?: TaskRef, host = 'one') {
      let done = (): void => undefined
      const worked = new Promise<void>((resolve) => {
        done = resolve
      })
      let turn: (next: TaskRef) => void = () => undefined
      const ended = profile.during({ host, phase, task }, (change) => {
        turn = change
        return worked
      })
      const end = async (): Promise<void> => {
        done()
        await ended
      }
      return { end, turn: (next: TaskRef) => turn(next) }
    },
  }
}

const a: TaskRef = { id: '1', name: 'same', module: 'm', handler: false, where: 'site.yml:7' }
const b: TaskRef = { id: '2', name: 'same', module: 'm', handler: false, where: 'site.yml:7' }
const nothing = { connect: 0, look: 0, act: 0, wait: 0 }

test('phases of tasks are counted by host, in order of their start', async () => {
  const { profile, pass, begin } = clocked()
  const look = begin('look', a)
  pass(3)
  await look.end()
  pass(100)
  const act = begin('act', b)
  pass(5)
  await act.end()
  const other = begin('look', a, 'two')
  pass(7)
  await other.end()
  assert.deepEqual(profile.times, [
    { host: 'one', task: a, ...nothing, look: 3 },
    { host: 'one', task: b, ...nothing, act: 5 },
    { host: 'two', task: a, ...nothing, look: 7 },
  ])
})

test('simultaneous work counts once: for the phase with the highest precedence, and the task that started first', async () => {
  const { profile, pass, begin } = clocked()
  const first = begin('look', a)
  const second = begin('look', b)
  pass(1)
  const connect = begin('connect')
  pass(10)
  await connect.end()
  await first.end()
  pass(2)
  await second.end()
  assert.deepEqual(profile.times, [
    { host: 'one', task: a, ...nothing, look: 1 },
    { host: 'one', task: b, ...nothing, connect: 10, look: 2 },
  ])
})

test('work may pass from task to task, and a wait after it belongs to the last', async () => {
  const { profile, pass, begin } = clocked()
  const act = begin('act', a)
  pass(1)
  act.turn(b)
  pass(2)
  await act.end()
  const wait = begin('wait')
  pass(4)
  await wait.end()
  assert.deepEqual(profile.times, [
    { host: 'one', task: a, ...nothing, act: 1 },
    { host: 'one', task: b, ...nothing, act: 2, wait: 4 },
  ])
})

test('failed work is counted, and its error is rethrown', async () => {
  let now = 0
  const profile = createProfile(() => now)
  await assert.rejects(
    profile.during({ host: 'one', phase: 'act', task: a }, () => {
      now = 6
      return Promise.reject(new Error('no'))
    }),
    /no/,
  )
  assert.deepEqual(profile.times, [{ host: 'one', task: a, ...nothing, act: 6 }])
})

test('without a profile work is done and nothing is counted', async () => {
  assert.equal(await noProfile.during({ host: 'one', phase: 'act' }, () => Promise.resolve(1)), 1)
  assert.equal(noProfile.times, undefined)
})
