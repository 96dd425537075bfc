import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UnreachableError } from '../base/errors.ts'
import type { Event } from '../events/events.ts'
import { hostRun } from './testing/host-run.ts'

/** Events in short form: a word and a name each. */
function told(events: readonly Event[]): readonly string[] {
  return events.map((event) => {
    const name = 'task' in event && event.task ? event.task.name : ''
    const item = event.type === 'item.finished' ? ` ${event.item} ${event.outcome}` : ''
    return `${event.type.split('.')[0] ?? ''} ${name}${item}`
  })
}

function items(events: readonly Event[]): readonly string[] {
  return events.flatMap((event) => (event.type === 'item.finished' ? [`${event.item} ${event.outcome}`] : []))
}

/** The second task uses the result of the first, and accepts any text. */
const resting = `
- name: a
  write: { path: /a, text: x, once: true }
  register: it
- name: b
  write: { path: /b, text: "{{ it.text }}" }
- name: c
  write: { path: /c, text: "3" }
`

test('later tasks are planned on the predicted result of a task', async () => {
  const it = hostRun(resting)
  await it.run()
  assert.deepEqual([it.host.sends, it.host.texts.get('/b')], [['write /a, write /b, write /c'], 'x'])
})

test('if a result differs from its prediction, later tasks are planned again and keep their progress', async () => {
  const it = hostRun(resting)
  it.host.instead.set('write /a', () => it.host.texts.set('/a', 'y'))
  await it.run()
  assert.deepEqual(it.host.sends, ['write /a, write /b, write /c', 'write /b'])
  assert.equal(it.host.texts.get('/b'), 'y')
  assert.deepEqual(it.outcomes, ['a changed', 'b changed', 'c changed'])
  assert.deepEqual(it.done, { a: ['write /a'], b: ['write /b', 'write /b'], c: ['write /c'] })
})

test('if no task registers the result, nothing is planned again', async () => {
  const it = hostRun(resting.replace('  register: it\n', '').replace('{{ it.text }}', 'x'))
  it.host.instead.set('write /a', () => it.host.texts.set('/a', 'y'))
  await it.run()
  assert.equal(it.host.sends.length, 1)
})

test('actions are reported with their task, and only those of the first task at once', async () => {
  const it = hostRun(resting)
  await it.run()
  assert.deepEqual(
    told(it.events),
    ['a', 'b', 'c'].flatMap((name) => [`task ${name}`, `action ${name}`, `task ${name}`]),
  )
  const first = hostRun(resting)
  const seen: (readonly string[])[] = []
  first.host.touched = () => void seen.push(told(first.events))
  await first.run()
  assert.deepEqual(seen[0], ['task a', 'action a'], 'reported before any of them has ended')
})

const failure = { kind: 'failed', problem: { code: 'x', message: 'no room' } } as const

test('tasks after a failed task are dropped, or planned on an ignored failure', async () => {
  const it = hostRun(
    resting
      .replace('"{{ it.text }}"', '"failed is {{ it.failed }}"')
      .replace('once: true }', 'once: true }\n  ignore_errors: true'),
  )
  it.host.outcomes.set('write /a', [failure])
  await it.run()
  assert.deepEqual(it.host.sends, ['write /a, write /b, write /c', 'write /b, write /c'])
  assert.deepEqual(it.outcomes, ['a failed', 'b changed', 'c changed'])
  assert.equal(it.host.texts.get('/b'), 'failed is true')
})

test('an ignored failure drops the plans after it, even if no task registers it', async () => {
  const it = hostRun(`
- name: a
  write: { path: /a, text: "1" }
  ignore_errors: true
- name: b
  write: { path: /b, text: "2" }
`)
  it.host.outcomes.set('write /a', [failure])
  await it.run()
  assert.deepEqual(it.host.sends, ['write /a, write /b', 'write /b'])
  assert.deepEqual(it.outcomes, ['a failed', 'b changed'])
})

test('after a task that returns stop, nothing is reported or sent', async () => {
  const it = hostRun(resting)
  it.host.outcomes.set('write /b', [failure])
  it.last.add('b')
  await it.run()
  assert.deepEqual(it.outcomes, ['a changed', 'b failed'])
  assert.deepEqual([it.host.sends.length, it.host.texts.has('/c')], [1, false])
})

const loop = `
- name: loop
  write: { path: "/{{ item }}", text: "1" }
  loop: [x, y, z]
- name: behind
  write: { path: /b, text: "2" }
`

test('after an item fails in a window, later items are planned again, and no task after the loop', async () => {
  const it = hostRun(loop)
  it.host.outcomes.set('write /y', [failure])
  it.last.add('loop')
  await it.run()
  assert.deepEqual(it.host.sends, ['write /x, write /y, write /z, write /b', 'write /z'])
  assert.deepEqual(items(it.events), ['x changed', 'y failed', 'z changed'])
  assert.deepEqual([it.outcomes, it.host.texts.has('/b')], [['loop failed'], false])
})

test('nothing is sent with a loop that already has a failed item', async () => {
  const it = hostRun(loop.replace('[x, y, z]', '[x, y]'))
  it.host.forbidden.set('write /x', { code: 'no', message: 'not this' })
  await it.run()
  assert.deepEqual(it.host.sends, ['write /y', 'write /b'])
  assert.deepEqual(it.outcomes, ['loop failed', 'behind changed'])
})

test('a loop ends at an unreachable item', async () => {
  const it = hostRun(loop)
  it.host.failures.set('/x', [new UnreachableError({ code: 'u', message: 'gone' })])
  it.last.add('loop')
  await it.run()
  assert.deepEqual([items(it.events), it.outcomes], [['x unreachable'], ['loop unreachable']])
  assert.equal(it.host.log.includes('look /y'), false)
})

test('an empty loop ends in task order', async () => {
  const it = hostRun(`
- name: a
  write: { path: /a, text: "1" }
- name: loop
  write: { path: "/{{ item }}", text: "1" }
  loop: []
`)
  await it.run()
  assert.deepEqual(it.outcomes, ['a changed', 'loop skipped'])
})

test('a stale task is planned again in place, and each task is reported once', async () => {
  const it = hostRun(resting)
  it.host.outcomes.set('write /b', [{ kind: 'stale', why: '/b was changed' }])
  await it.run()
  assert.deepEqual(it.host.sends, ['write /a, write /b, write /c', 'write /b, write /c'])
  assert.deepEqual(it.outcomes, ['a changed', 'b changed', 'c changed'])
  assert.deepEqual(
    told(it.events),
    ['a', 'b', 'c'].flatMap((name) => [`task ${name}`, `action ${name}`, `task ${name}`]),
  )
})

test('a loop that is stale at its first item is expanded again', async () => {
  const it = hostRun(loop.replace('[x, y, z]', '"{{ it }}"'))
  it.context.host.variables.register('it', ['x'])
  it.host.outcomes.set('write /x', [{ kind: 'stale', why: '/x was changed' }])
  const send = it.host.send.bind(it.host)
  it.host.send = (sent, finished) => {
    it.context.host.variables.register('it', ['x', 'y'])
    return send(sent, finished)
  }
  await it.run()
  assert.deepEqual(items(it.events), ['x changed', 'y changed'])
})

test('restarts of one item do not count for the next', async () => {
  const it = hostRun(loop)
  const stale = { kind: 'stale', why: 'changed' } as const
  it.host.outcomes.set('write /x', [stale, stale]).set('write /y', [stale, stale])
  await it.run()
  assert.deepEqual(items(it.events), ['x changed', 'y changed', 'z changed'])
})

test('a variable that a task set is undone with the task', async () => {
  const it = hostRun(`
- name: a
  write: { path: /a, text: x, once: true }
  register: it
- name: set
  set_fact: { word: "{{ it.text }}" }
- name: b
  write: { path: /b, text: "{{ word }}" }
`)
  it.host.instead.set('write /a', () => it.host.texts.set('/a', 'y'))
  await it.run()
  assert.equal(it.host.texts.get('/b'), 'y')
})

test('a task that is planned again does not see predicted variables of later tasks', async () => {
  const it = hostRun(`
- name: a
  write: { path: /a, text: x, once: true }
  register: wrote
- name: b
  write: { path: /b, text: '{{ default it "none" }}' }
- name: set
  set_fact: { it: "{{ wrote.text }}" }
- name: c
  write: { path: /c, text: "{{ it }}" }
`)
  it.host.instead.set('write /a', () => it.host.texts.set('/a', 'y'))
  await it.run()
  assert.deepEqual([it.host.texts.get('/b'), it.host.texts.get('/c')], ['none', 'y'])
  assert.deepEqual(it.done['b'], ['write /b'])
})
