import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { fakeWorld, thingsOf, type FakeWorld } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { group } from './module.ts'

function worldWith(gid: number): FakeWorld {
  const world = fakeWorld()
  thingsOf(world, 'group').set('gpu', { exists: true, gid })
  return world
}

test('a group is created, and nothing is planned afterwards', async () => {
  const world = fakeWorld()
  const { actions, report, diffs } = await converge(group, { name: 'gpu', gid: 700, system: true }, world)
  assertHas(actions, [{ argv: ['groupadd', '-g', '700', '-r', 'gpu'], label: 'create the group gpu' }])
  assert.deepEqual(report, { name: 'gpu', gid: 700 })
  assert.deepEqual(diffs, [{ title: 'group gpu', before: 'absent\n', after: 'gid 700\n' }])
  assert.deepEqual((await planOnce(group, { name: 'gpu' }, world)).actions, [])
})

test('the files of groups are unknown afterwards', async () => {
  const { actions } = await planOnce(group, { name: 'gpu' }, fakeWorld())
  const effects = actions[0]?.effects ?? []
  assert.deepEqual(
    effects.flatMap((effect) => (effect.kind === 'file' ? [[effect.name, effect.becomes]] : [])),
    [
      ['/etc/passwd', { kind: 'file' }],
      ['/etc/group', { kind: 'file' }],
    ],
  )
  assertHas(effects[0], { kind: 'unknown', why: 'an earlier task changes the group gpu' })
})

test('the ID of a group is changed, with a warning', async () => {
  const world = worldWith(700)
  const { actions, warnings, diffs } = await planOnce(group, { name: 'gpu', gid: 701 }, world)
  assertHas(actions, [{ argv: ['groupmod', '-g', '701', 'gpu'], label: 'change the group gpu' }])
  assert.deepEqual(warnings, ['files that belong to the old ID of the group gpu keep it'])
  assert.deepEqual(diffs, [{ title: 'group gpu', before: 'gid 700\n', after: 'gid 701\n' }])
  assert.deepEqual((await converge(group, { name: 'gpu', gid: 701 }, world)).report, {
    name: 'gpu',
    gid: 701,
  })
})

test('a group is removed', async () => {
  const world = worldWith(700)
  const { actions, report } = await converge(group, { name: 'gpu', state: 'absent' }, world)
  assertHas(actions, [{ argv: ['groupdel', 'gpu'], label: 'remove the group gpu' }])
  assert.deepEqual(report, { name: 'gpu', gid: null })
  assert.deepEqual((await planOnce(group, { name: 'gpu', state: 'absent' }, world)).actions, [])
})

test('a name that a program would read as an option or a number is a mistake', () => {
  for (const name of ['-r', '100', 'a b', 'a:b', '']) assert.throws(() => completed(group, { name }), name)
})
