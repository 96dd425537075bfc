import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sayModule, wants } from './testing/fake-task-host.ts'
import { unitWith } from './testing/test-units.ts'
import { plan, watchedWindow } from './testing/watched-window.ts'
import { Progress } from './unit.ts'

test('verification questions follow the actions, and are judged once all actions are done', async () => {
  const it = watchedWindow()
  it.host.queues = true
  await plan(it, wants('/a', '1'), wants('/b', '2'))
  it.host.log.length = 0
  await it.window.flush()
  assert.deepEqual(it.host.log, [
    'hold',
    'send write /a, write /b',
    'touched write /a, write /b',
    'refresh one file:/a',
    'refresh one file:/b',
    'touched write /a, write /b behind',
    'look /a behind',
    'look /b behind',
    'release',
  ])
  assert.deepEqual(it.told, [
    'sending',
    'on the way /a /b',
    'acted /a 5',
    'acted /b 5',
    '/a changed',
    '/b changed',
    'drained',
  ])
})

test('if an action failed, the answers after it are dropped and asked again', async () => {
  const it = watchedWindow()
  it.host.queues = true
  it.host.outcomes.set('write /b', [{ kind: 'failed', problem: { code: 'x', message: 'no room' } }])
  await plan(it, wants('/a', '1'), wants('/b', '2'))
  it.host.log.length = 0
  await it.window.flush()
  assert.deepEqual(
    it.host.log.filter((line) => line.startsWith('look') || line.startsWith('touched')),
    [
      'touched write /a, write /b',
      'touched write /a, write /b',
      'look /a behind',
      'look /b behind',
      'look /a',
    ],
  )
  assert.deepEqual(it.told.slice(-2), ['/a changed', '/b failed'])
})

test('questions that could not follow actions in flight are asked after them', async () => {
  const it = watchedWindow()
  it.host.queues = true
  await plan(it, wants('/a', '1'))
  it.host.log.length = 0
  it.host.failures.set('/a', [new Error('a mistake')])
  await it.window.flush()
  assert.deepEqual(
    it.host.log.filter((line) => line.startsWith('look')),
    ['look /a behind', 'look /a'],
  )
  assert.equal(it.settled.get('/a')?.kind, 'changed')
})

test('step by step, questions wait for the result of the actions', async () => {
  const it = watchedWindow({ stepByStep: true })
  it.host.queues = true
  await plan(it, wants('/a', '1'))
  assert.equal(
    it.told.some((line) => line.startsWith('on the way')),
    false,
  )
  assert.equal(it.host.log.includes('look /a behind'), false)
})

test('the owner learns about the unit that is not planned to its end', async () => {
  const it = watchedWindow()
  it.host.queues = true
  await plan(it, wants('/a', '1'))
  const current = unitWith(sayModule, new Progress(), { key: 'say', ready: { args: { text: 'x' } } })
  const reading = await it.window.probe(current)
  await it.window.queue(current, current.plan(reading), reading)
  await it.window.flush(current)
  assert.equal(it.told[1], 'on the way /a say say')
})
