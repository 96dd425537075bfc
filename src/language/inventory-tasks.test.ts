import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inventoryTask, maySelect } from './inventory-tasks.ts'
import type { Value } from './model.ts'
import { expressionOf, templateOf } from './testing/scopes.ts'

const where = { file: 'site.yml', line: 1, column: 1 }
const text = (value: string): Value => ({ kind: 'literal', value, where })

function taskWith(module: string, args: Readonly<Record<string, Value>>) {
  const entries = new Map(Object.entries(args).map(([name, value]) => [name, { where, value }]))
  return inventoryTask({ module, args: { kind: 'map', entries, where } })
}

const cases: readonly (readonly [
  module: string,
  args: Readonly<Record<string, Value>>,
  yes: readonly string[],
  no: readonly string[],
])[] = [
  [
    'group_by',
    { key: text('os debian') },
    ['os-debian', 'os-debian[0]', 'os*', '*', '~x'],
    ['os', 'os debian'],
  ],
  [
    'group_by',
    { key: templateOf('os_{{ id }}_{{ version }}_x'), parents: text('os') },
    ['os_debian_12_x', 'os_*', 'os_debian*', 'os', 'os_deb[ai]*'],
    ['os_debian', 'os_x', 'web', 'web*', 'o'],
  ],
  ['group_by', { key: expressionOf('x') }, ['anything'], []],
  [
    'add_host',
    { name: templateOf('n{{ x }}'), groups: text('fresh, more'), address: text('web') },
    ['n1', 'fresh', 'more[1:2]'],
    ['web', 'fresh,'],
  ],
]

test('what a task may add decides which names are expected', () => {
  for (const [module, args, yes, no] of cases) {
    const made = taskWith(module, args)
    assert.ok(made)
    for (const term of yes) assert.ok(maySelect(term, [made]), term)
    for (const term of no) assert.ok(!maySelect(term, [made]), term)
  }
  assert.equal(taskWith('set_fact', { key: text('x') }), undefined)
})
