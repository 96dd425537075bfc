import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { assertHas } from '../testing/has.ts'
import { apt } from './module.ts'
import { fakeApt } from './testing/fake-apt.ts'

test('with autoremove, the packages that only the removed one needed go with it, and no others', async () => {
  const state = fakeApt({}, { dkms: '3', kmod: '30', old: '1', jq: '1' })
  state.neededBy.set('kmod', 'dkms').set('old', 'gone').set('jq', 'curl')
  state.world.packages.set('curl', { installed: '8', status: 'installed' })
  const args = { name: 'dkms', state: 'absent', autoremove: true }
  const { actions, diffs } = await converge(apt, args, state.world)
  assert.deepEqual(diffs, [{ title: 'packages', before: 'dkms\nkmod\nold\n', after: '' }])
  assert.match(state.ran[0] ?? '', / --auto-remove remove dkms$/)
  assert.equal(actions.length, 1)
})

test('autoremove allows only the removal of packages that none needs', async () => {
  const state = fakeApt({ cuda: { version: '12', replaces: ['proxmox-ve'] } }, { old: '1' })
  state.neededBy.set('old', 'gone')
  const args = { name: 'cuda', autoremove: true }
  const { refusal } = await planOnce(apt, args, state.world)
  assert.equal(refusal?.message, 'apt would also remove proxmox-ve')
  const { actions } = await planOnce(apt, { ...args, allow_remove: ['proxmox-ve'] }, state.world)
  assertHas(actions, [{ effects: [{ name: 'old' }, { name: 'proxmox-ve' }, {}, {}] }])
})

test('autoremove alone removes what no package needs, with its configuration if asked, and then nothing', async () => {
  const state = fakeApt({}, { old: '1', dkms: '3' })
  state.neededBy.set('old', 'gone')
  const { actions } = await converge(apt, { autoremove: true, purge: true }, state.world)
  assertHas(actions, [
    {
      label: 'remove what no package needs any more: old',
      effects: [{ kind: 'package', name: 'old', becomes: { installed: undefined } }],
    },
  ])
  assert.match(state.ran[0] ?? '', / purge old$/)
  assert.deepEqual((await planOnce(apt, { name: 'dkms', autoremove: true }, state.world)).actions, [])
})
