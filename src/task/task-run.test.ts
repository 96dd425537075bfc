import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hostName } from '../base/brand.ts'
import { defined } from '../base/defined.ts'
import type { Outcome } from '../events/events.ts'
import type { HostVariables } from '../fleet/host-variables.ts'
import { type ItemResult, type TaskResult, taskResult } from './item-result.ts'
import type { Items } from './items.ts'
import { TaskRun } from './task-run.ts'
import { prepared } from './testing/prepared.ts'
import { taskOf } from './testing/test-units.ts'

const { context } = prepared('- debug: { msg: x }')
const ref = { id: 't', name: 't', module: 'write', handler: false, where: 'site.yml:7' }
const two: Items = {
  kind: 'items',
  items: ['a', 'b'].map((label) => ({ label, value: label, layers: [] })),
  loop: true,
}

function run(register?: string): TaskRun {
  const made = new TaskRun(0, taskOf('write', { register }), ref, 0)
  made.items = two
  return made
}

function ended(outcome: Outcome, facts?: ItemResult['facts']): ItemResult {
  return {
    outcome,
    result: { changed: outcome === 'changed' },
    detail: {},
    exitCode: undefined,
    ...defined({ facts }),
  }
}

function resultOf({ task, results, planned }: TaskRun): TaskResult {
  return taskResult(task, two, [...results, ...planned])
}

function valueOf(variables: HostVariables, name: string): unknown {
  const scope = variables.scope()
  return scope.has(name) ? scope.get(name) : undefined
}

test('a task is whole when all its items have finished, and not while one is only predicted', () => {
  const it = run()
  assert.deepEqual([it.foreseen, it.whole], [0, false])
  it.results.push(ended('ok'))
  it.planned.push(ended('ok'))
  assert.deepEqual([it.foreseen, it.whole], [2, false])
  it.results.push(...it.planned.splice(0))
  assert.deepEqual([it.foreseen, it.whole], [2, true])
})

test('a task with unknown items is not whole; one without a list is, once it has a result', () => {
  const it = run()
  it.items = undefined
  it.results.push(ended('ok'))
  assert.equal(it.whole, false)
  it.items = { kind: 'unknown', why: 'later' }
  assert.equal(it.whole, true)
  it.results.length = 0
  assert.equal(it.whole, false)
})

test('a task ends at an unreachable item', () => {
  const it = run()
  it.results.push(ended('unreachable'))
  assert.equal(it.whole, true)
})

test('a registered result replaces its prediction, and undoing it restores the previous value', () => {
  const { variables } = context.host
  const back = variables.register('it', 'before')
  const it = run('it')
  it.planned.push(ended('changed'))
  it.register(resultOf(it), () => variables)
  const foreseen = valueOf(variables, 'it')
  assert.equal(Object(foreseen).changed, true)
  assert.equal(it.registered, foreseen)
  it.planned.splice(0)
  it.results.push(ended('ok'))
  it.register(resultOf(it), () => variables)
  assert.equal(Object(valueOf(variables, 'it')).changed, false)
  it.takeBack()
  assert.deepEqual([valueOf(variables, 'it'), it.registered], ['before', undefined])
  back()
})

test('variables that items set appear and disappear with the result', () => {
  const { variables } = context.host
  const it = run()
  it.results.push(ended('ok', { word: 'one' }))
  it.planned.push(ended('ok', { word: 'two', other: 1 }))
  it.register(resultOf(it), () => variables)
  assert.deepEqual([valueOf(variables, 'word'), valueOf(variables, 'other')], ['two', 1])
  it.takeBack()
  assert.deepEqual([valueOf(variables, 'word'), valueOf(variables, 'other')], [undefined, undefined])
})

test('a task that failed sets no variables, and its result is registered', () => {
  const { variables } = context.host
  for (const outcome of ['failed', 'unreachable'] as const) {
    const it = run('it')
    it.results.push(ended(outcome, { word: 'one' }), ended(outcome))
    it.register(resultOf(it), () => variables)
    assert.equal(valueOf(variables, 'word'), undefined)
    assert.notEqual(valueOf(variables, 'it'), undefined)
    it.takeBack()
  }
})

test('a task that ran once on another host sets its variables here, where it is skipped', () => {
  const { variables } = context.host
  const it = run('it')
  it.results.push(ended('skipped', { word: 'one' }))
  it.register(resultOf(it), () => variables)
  assert.equal(valueOf(variables, 'word'), 'one')
  it.takeBack()
  assert.equal(valueOf(variables, 'word'), undefined)
})

test('predicted variables disappear if the task fails', () => {
  const { variables } = context.host
  const it = run()
  it.planned.push(ended('ok', { word: 'one' }), ended('ok'))
  it.register(resultOf(it), () => variables)
  assert.equal(valueOf(variables, 'word'), 'one')
  it.planned.splice(0)
  it.results.push(ended('failed'), ended('ok'))
  it.register(resultOf(it), () => variables)
  assert.equal(valueOf(variables, 'word'), undefined)
})

test('variables that belong to another host are set there, and do not reach hosts that share the result', () => {
  const { variables } = context.host
  const other = context.run.fleet.variables(hostName('other'))
  const it = run('it')
  it.results.push({ ...ended('ok', { word: 'one' }), factsOf: hostName('other') }, ended('ok', { own: 2 }))
  it.register(resultOf(it), (host) => (host === undefined ? variables : context.run.fleet.variables(host)))
  assert.deepEqual([valueOf(variables, 'word'), valueOf(other, 'word')], [undefined, 'one'])
  assert.deepEqual(it.facts, { own: 2 })
  it.takeBack()
  assert.equal(valueOf(other, 'word'), undefined)
})
