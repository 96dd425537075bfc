/** What a run may carry out by the records of a plan. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDigests } from '../../base/digests.ts'
import { createSecrets } from '../../base/secrets.ts'
import { Unknown } from '../../base/unknown.ts'
import type { ItemChanges, PlannedItem } from '../../fleet/planning.ts'
import type { Action } from '../../host/action.ts'
import { createApproval } from './approval.ts'
import { createPlanRecords } from './plan-records.ts'

const records = createPlanRecords(createDigests('00'.repeat(24)), createSecrets())
const write = (path: string, text = 'one\n'): Extract<Action, { kind: 'writeFile' }> => ({
  kind: 'writeFile',
  path,
  content: { kind: 'text', text },
})
const run = (...argv: readonly string[]): Action => ({ kind: 'run', argv, effects: [] })
const reboot: Action = { kind: 'reboot', reason: 'a new kernel', slots: [] }

const base: PlannedItem = {
  host: 'one',
  task: { id: 'task', name: 'Task', module: 'x', handler: false, where: 'site.yml:7' },
  position: 0,
  label: '',
  outcome: 'changed',
  arguments: { name: 'a' },
  hidden: false,
  actions: [],
  diffs: [],
  seen: new Map(),
  rests: false,
  unknown: undefined,
  mayChange: [],
}

/** Why changes are refused by a plan with this item; undefined if they are not. */
function refusal(planned: Partial<PlannedItem>, wanted: Partial<ItemChanges>): string | undefined {
  const approval = createApproval({ hosts: { one: [records.item({ ...base, ...planned })] } }, records)
  const problem = approval.refuses({ ...base, ...wanted })
  assert.deepEqual([...approval.refused], problem === undefined ? [] : [wanted.host ?? 'one'])
  return problem?.message
}

const other = /^the plan does not have these changes: /
const further = /^the plan could not know the changes of this task, and they reach further than it says: /

test('the actions of the plan, and fewer, are carried out in their order', () => {
  const actions = [write('/a'), run('x'), write('/b')]
  assert.equal(refusal({ actions }, { actions }), undefined)
  assert.equal(refusal({ actions }, { actions: [write('/b')] }), undefined)
  assert.match(refusal({ actions }, { actions: [write('/b'), write('/a')] }) ?? '', other)
})

test('what only describes an action may differ', () => {
  const detached = (fingerprint: string): Action => ({
    kind: 'run',
    argv: ['x'],
    effects: [],
    detached: { name: 'x', fingerprint },
  })
  const planned = [{ ...run('x'), label: 'do x, 3 GB free', hint: 'one' }]
  assert.equal(refusal({ actions: planned }, { actions: [run('x')] }), undefined)
  assert.equal(refusal({ actions: [detached('1')] }, { actions: [detached('2')] }), undefined)
})

for (const [name, wanted] of [
  ['another content', write('/a', 'two\n')],
  ['another mode', { ...write('/a'), mode: '0600' }],
  ['another path', write('/b')],
  ['another program', run('y')],
  ['another place', { ...write('/a'), on: 'node' }],
] as const satisfies readonly (readonly [string, Action])[]) {
  test(`${name} is refused`, () => {
    const actions = [write('/a'), run('x')]
    assert.match(refusal({ actions }, { actions: [wanted] }) ?? '', other)
  })
}

test('an item of a task on a host has only its own actions', () => {
  const actions = [write('/a')]
  assert.match(refusal({ actions }, { actions, host: 'two' }) ?? '', other)
  assert.match(refusal({ actions }, { actions, position: 1 }) ?? '', other)
  assert.match(refusal({ actions }, { actions, task: { ...base.task, id: 'other' } }) ?? '', other)
  assert.equal(refusal({ actions, position: undefined }, { actions, position: 1 }), undefined)
})

test('the first container makes the directory on the node that another one makes in the plan', () => {
  const directory: Action = { kind: 'makeDirectory', path: '/d', on: 'node' }
  const plan = (actions: readonly Action[]) => ({
    hosts: {
      one: [records.item({ ...base, actions: [write('/a')] })],
      two: [records.item({ ...base, actions })],
    },
  })
  const wanted = { ...base, actions: [directory, write('/a')] }
  assert.equal(createApproval(plan([directory]), records).refuses(wanted), undefined)
  assert.match(createApproval(plan([]), records).refuses(wanted)?.message ?? '', other)
})

test('a file that an approved task has changed may be changed again', () => {
  const [first, second] = ['first', 'second'].map((id) => ({ ...base.task, id }))
  assert.ok(first !== undefined && second !== undefined)
  const before = new Map([['one file:/a', { content: '1' }]])
  const after = new Map([['one file:/a', { content: '2' }]])
  const items = [first, second].map((task) =>
    records.item({ ...base, task, actions: [write('/a')], seen: before }),
  )
  const changes = { ...base, task: second, actions: [write('/a')], seen: after }
  const approval = createApproval({ hosts: { one: items } }, records)
  assert.match(approval.refuses(changes)?.message ?? '', /has changed since the plan was made/)
  assert.equal(approval.refuses({ ...changes, task: first, seen: before }), undefined)
  assert.equal(approval.refuses(changes), undefined)
})

test('a file that has changed is not replaced, unless a prediction was seen', () => {
  const actions = [write('/a')]
  const before = new Map([['one file:/a', { content: '1' }]])
  const after = new Map([['one file:/a', { content: '2' }]])
  assert.match(
    refusal({ actions, seen: before }, { actions, seen: after }) ?? '',
    /^one file:\/a has changed since the plan was made: write \/a$/,
  )
  assert.equal(refusal({ actions, seen: before }, { actions, seen: after, rests: true }), undefined)
  assert.equal(refusal({ actions, seen: before, rests: true }, { actions, seen: after }), undefined)
  assert.equal(refusal({ actions, seen: before }, { actions, seen: before }), undefined)
})

test('unknown changes are made with the arguments of the plan', () => {
  const planned = { unknown: 'a reason' }
  assert.equal(refusal(planned, { actions: [write('/a')] }), undefined)
  assert.match(refusal(planned, { actions: [write('/a')], arguments: { name: 'b' } }) ?? '', further)
})

test('unknown changes with unknown arguments stay among the resources of the plan', () => {
  const planned = { unknown: 'a reason', arguments: { name: new Unknown('later') } }
  const within = { ...planned, mayChange: ['file:/a*', 'unit:x.service'] as const }
  assert.equal(refusal(within, { actions: [write('/a'), write('/a/b')] }), undefined)
  assert.match(refusal(within, { actions: [write('/a'), write('/b')] }) ?? '', further)
  assert.match(refusal(within, { actions: [{ kind: 'run', argv: ['x'] }] }) ?? '', further)
  assert.match(refusal(within, { actions: [run('x')] }) ?? '', further, 'nothing shows what it changes')
  assert.match(refusal(planned, { actions: [write('/a')] }) ?? '', further)
  const brings: Action = { kind: 'run', argv: ['x'], effects: [{ kind: 'brings', what: 'a package' }] }
  assert.match(refusal(within, { actions: [brings] }) ?? '', further)
  const unknown: Action = {
    kind: 'run',
    argv: ['x'],
    effects: [{ kind: 'unknown', resources: ['file:/a/c'], why: 'a reason' }],
  }
  assert.equal(refusal(within, { actions: [unknown] }), undefined)
})

test('a program that may change everything is no permission to reboot', () => {
  const planned = { unknown: 'a reason', arguments: undefined, mayChange: ['*'] as const }
  assert.equal(refusal(planned, { actions: [{ kind: 'run', argv: ['x'] }] }), undefined)
  assert.match(refusal(planned, { actions: [reboot] }) ?? '', further)
  const stop: Action = { kind: 'containerPower', ctid: '101', verb: 'stop' }
  assert.match(refusal(planned, { actions: [stop] }) ?? '', further)
})

test('the rest of a plan in stages may change what its first stage leaves unknown', () => {
  const first: Action = {
    kind: 'run',
    argv: ['refresh'],
    effects: [{ kind: 'unknown', resources: ['package:*'], why: 'a reason' }],
  }
  const install: Action = {
    kind: 'run',
    argv: ['install'],
    effects: [{ kind: 'package', name: 'x', becomes: { installed: '1' } }],
  }
  const planned = { unknown: 'a reason', arguments: undefined, actions: [first] }
  assert.equal(refusal(planned, { actions: [install] }), undefined)
  assert.match(refusal(planned, { actions: [write('/a')] }) ?? '', further)
})

test('under no_log the plan and the refusal show nothing', () => {
  const hidden = { hidden: true, actions: [write('/a', 'barleycorn')] }
  const item = records.item({ ...base, ...hidden })
  assert.doesNotMatch(JSON.stringify(item), /barleycorn|\/a"/)
  assert.equal(refusal(hidden, hidden), undefined)
  assert.equal(
    refusal(hidden, { ...hidden, actions: [write('/a', 'other')] }),
    'the plan does not have these changes: hidden',
  )
})
