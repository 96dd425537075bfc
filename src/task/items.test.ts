import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Unknown } from '../base/unknown.ts'
import { type Items, itemsOf } from './items.ts'
import { prepared } from './testing/prepared.ts'

async function items(task: string, it?: unknown): Promise<Items> {
  const { tasks, preparing, context } = prepared(task)
  context.host.variables.register('it', it)
  const [first] = tasks
  assert.ok(first)
  return itemsOf(first, preparing)
}

function labels(items: Items): readonly string[] {
  return items.kind === 'items' ? items.items.map(({ label }) => label) : []
}

test('a task without a loop has one item without a label', async () => {
  const one = await items('- debug: { msg: x }')
  assert.deepEqual([one.kind === 'items' && one.loop, labels(one)], [false, ['']])
})

test('items have their value, their index and the label of the task', async () => {
  const some = await items(
    '- debug: { msg: x }\n  loop: "{{ it }}"\n  loop_control: { label: "no {{ i }}: {{ item.name }}", index_var: i }',
    [{ name: 'a' }, { name: 'b' }],
  )
  assert.deepEqual(labels(some), ['no 0: a', 'no 1: b'])
})

test('without a label, items are named by their value, cut to length', async () => {
  assert.deepEqual(labels(await items('- debug: { msg: x }\n  loop: [a, { b: 1 }]')), ['a', '{"b":1}'])
  const [long = ''] = labels(await items('- debug: { msg: x }\n  loop: "{{ it }}"', ['x'.repeat(100)]))
  assert.equal(long, `${'x'.repeat(57)}...`)
})

test('an unknown list makes the whole task unknown; a value that is not a list is a mistake', async () => {
  assert.deepEqual(await items('- debug: { msg: x }\n  loop: "{{ it }}"', new Unknown('later')), {
    kind: 'unknown',
    why: 'later',
  })
  const none = await items('- debug: { msg: x }\n  loop: "{{ it }}"', 'text')
  assert.ok(none.kind === 'failed')
  assert.equal(none.problem.code, 'not-a-list')
  assert.equal(none.problem.where?.line, 5)
})
