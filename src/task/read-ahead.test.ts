import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HostError } from '../base/errors.ts'
import type { Task } from '../language/model.ts'
import { NotBehind, ReadAhead } from './read-ahead.ts'
import { prepared } from './testing/prepared.ts'
import { unitOf } from './testing/test-units.ts'
import { Progress, type Reading, type Unit } from './unit.ts'

interface Made {
  readonly ahead: ReadAhead
  readonly tasks: readonly Task[]
  /** Modules that were probed, in order. */
  readonly probed: string[]
  readonly set: (name: string, value: unknown) => void
  /** Simulates a change on the host. */
  readonly change: () => void
}

function made(text: string, facts: Readonly<Record<string, unknown>> = {}): Made {
  const { tasks, context } = prepared(text, { facts })
  const probed: string[] = []
  let generation = 0
  const ahead = new ReadAhead({
    context,
    generation: () => generation,
    probe(task, _item, _ready, behind): Promise<Reading> {
      probed.push(task.name)
      if (task.name === 'past them' && behind !== undefined) return Promise.reject(new NotBehind())
      if (task.name === 'fails') return Promise.reject(new HostError({ code: 'x', message: 'not yet' }))
      return Promise.resolve({ seen: task.name, touched: new Map(), rests: false })
    },
  })
  const set = (name: string, value: unknown): void => void context.host.variables.register(name, value)
  return { ahead, tasks, probed, set, change: () => void (generation += 1) }
}

const three = `
- name: a
  debug: { msg: x }
- name: b
  debug: { msg: "{{ it }}" }
- name: c
  debug: { msg: x }
`

/** A unit whose actions are in flight. */
const acting = (): Unit =>
  unitOf(
    {
      name: 'acts',
      summary: 'acts',
      args: { type: 'object' },
      result: { type: 'object' },
      probe: () => Promise.resolve(undefined),
      plan: () => ({ actions: [], diffs: [], findings: [], warnings: [] }),
    },
    new Progress(),
  )

/** Takes the reading for a task, from the list of tasks that starts with it. */
async function take({ ahead, tasks }: Made, index: number): Promise<unknown> {
  const [task, ...following] = tasks.slice(index)
  assert.ok(task)
  const early = await ahead.take(task, following)
  return early?.holds() === true ? early.prepared[0]?.reading?.seen : undefined
}

test('the first request reads all following tasks as well, each once', async () => {
  const host = made(three)
  host.set('it', 'known')
  assert.equal(await take(host, 0), 'a')
  assert.deepEqual(host.probed, ['a', 'b', 'c'])
  assert.deepEqual([await take(host, 1), await take(host, 2)], ['b', 'c'])
  assert.deepEqual(host.probed, ['a', 'b', 'c'])
})

test('a reading that used a changed variable is repeated, and the rest is kept', async () => {
  const host = made(three)
  host.set('it', 'one')
  await take(host, 0)
  host.set('it', 'two')
  host.set('another', 1)
  assert.deepEqual([await take(host, 1), await take(host, 2)], ['b', 'c'])
  assert.deepEqual(host.probed, ['a', 'b', 'c', 'b'])
})

test('a change on the host drops all early answers', async () => {
  const host = made(three)
  host.set('it', 'known')
  await take(host, 0)
  host.change()
  await take(host, 1)
  assert.deepEqual(host.probed, ['a', 'b', 'c', 'b', 'c'])
})

test('a failed early reading is not a failure: the task reads again later', async () => {
  const host = made('- name: a\n  debug: { msg: x }\n- name: fails\n  debug: { msg: x }\n')
  await take(host, 0)
  assert.equal(await take(host, 1), undefined)
})

test('an early reading is invalid once the task itself changed the host', async () => {
  const host = made(three)
  const [task] = host.tasks
  assert.ok(task)
  const early = await host.ahead.take(task, [])
  assert.equal(early?.holds(), true)
  host.change()
  assert.equal(early?.holds(), false)
})

test('answers after actions are used, and failed questions are repeated later with the following tasks', async () => {
  const host = made(three)
  host.set('it', 'known')
  host.ahead.behind(host.tasks, acting())
  assert.equal(await take(host, 0), 'a')
  assert.deepEqual(host.probed, ['a', 'b', 'c'])
  const failing = made(`${three}- name: past them\n  debug: { msg: x }\n`)
  failing.set('it', 'known')
  failing.ahead.behind(failing.tasks, acting())
  await take(failing, 0)
  assert.equal(await take(failing, 3), 'past them')
  assert.deepEqual(failing.probed, ['a', 'b', 'c', 'past them', 'past them'])
})

test('facts are not read after actions in flight, because they would not wait for them', async () => {
  const host = made('- name: a\n  debug: { msg: "{{ facts.kernel }}" }\n', { kernel: '6.8' })
  host.ahead.behind(host.tasks, acting())
  await new Promise(setImmediate)
  assert.deepEqual(host.probed, [])
  assert.equal(await take(host, 0), 'a')
})
