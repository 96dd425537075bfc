import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actions, done } from '../host/plan.ts'
import { plainFailure } from './failures.ts'
import { sayModule, wants, writeModule } from './testing/fake-task-host.ts'
import { prepared } from './testing/prepared.ts'
import { unitOf, unitWith } from './testing/test-units.ts'
import { mayChange, Progress, type Unit } from './unit.ts'

const plan = actions([], { diffs: [{ title: '/a', before: '', after: '1' }] })
const reply = { code: 0, stdout: 'x', stderr: '' }

test('an early reading is used once', () => {
  const early = { seen: '1', touched: new Map(), rests: false }
  const unit = unitWith(writeModule, new Progress(), { early })
  assert.equal(unit.takeEarly(), early)
  assert.equal(unit.takeEarly(), undefined)
})

test('a unit is imperative if its module declares it for its arguments', () => {
  assert.equal(unitOf(sayModule, new Progress()).imperative, true)
  assert.equal(wants('/a', '1').imperative, false)
  const module = { ...writeModule, imperative: (args: unknown) => Object(args).path === '/a' }
  const args = (path: string): Unit => unitWith(module, new Progress(), { ready: { args: { path } } })
  assert.deepEqual([args('/a').imperative, args('/b').imperative], [true, false])
})

test('a unit with a condition on its result is sent separately', () => {
  const { tasks } = prepared(
    `
- command: { cmd: x }
- command: { cmd: x }
  failed_when: 'false'
- command: { cmd: x }
  changed_when: 'false'
- command: { cmd: x }
  until: 'true'
- command: { cmd: x }
  when: 'true'
`,
  )
  assert.deepEqual(
    tasks.map((task) => unitOf(writeModule, new Progress(), task).alone),
    [false, true, true, true, false],
  )
})

test('finished actions are kept with their replies and one diff per plan', () => {
  const progress = new Progress()
  progress.did('write /a', plan, undefined)
  progress.did('run x', plan, reply)
  const { labels, diffs, replies } = progress.finish({})
  assert.deepEqual([labels, diffs, replies], [['write /a', 'run x'], plan.diffs, [reply]])
})

test('the end of a unit does not change with later actions', () => {
  const progress = new Progress()
  progress.did('write /a', plan, undefined)
  const end = progress.finish({})
  progress.did('write /b', done(), reply)
  progress.warn(['late'])
  assert.deepEqual([end.labels, end.replies, end.warnings], [['write /a'], [], []])
})

test('a warning is given once, even if its unit is planned again', () => {
  const progress = new Progress()
  progress.warn(['one', 'two'])
  progress.warn(['one'])
  assert.deepEqual(progress.finish({}).warnings, ['one', 'two'])
})

test('the warnings of a plan replace those of the plan before it, unless an action of that was started', () => {
  const progress = new Progress()
  const both = [done(['on a prediction']), done(['in fact'])] as const
  for (const plan of both) progress.planned(plan)
  assert.deepEqual(progress.finish({}).warnings, ['in fact'])
  progress.began(both[1])
  progress.planned(done(['after it', 'in fact']))
  assert.deepEqual(progress.finish({}).warnings, ['in fact', 'after it'])
})

test('a lost action that is no longer planned has happened, and counts once', () => {
  const progress = new Progress()
  progress.lost = ['write /a', 'write /b']
  progress.found(['write /b'])
  progress.found([])
  assert.deepEqual(progress.labels, ['write /a'])
})

test('a failure after a finished action has changed something', () => {
  const progress = new Progress()
  const failure = plainFailure({ code: 'x', message: 'no room' })
  const first = progress.fail(failure)
  progress.did('write /a', plan, undefined)
  const second = progress.fail(failure)
  assert.deepEqual(
    [first, second].map((end) => end.kind === 'failed' && end.changed),
    [false, true],
  )
})

test('a task may change the resources that its module declares, or none', () => {
  const module = {
    ...writeModule,
    mayChange: (args: Readonly<Record<string, unknown>>) => [`file:${String(args['path'])}`] as const,
  }
  assert.deepEqual(mayChange(module, { path: '/a' }), ['file:/a'])
  assert.deepEqual(mayChange(module, undefined), ['file:undefined'])
  assert.deepEqual(mayChange(writeModule, { path: '/a' }), [])
})
