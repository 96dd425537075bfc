import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { assertHas } from '../testing/has.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { lineinfile } from './module.ts'

test('lineinfile replaces the line that matches, keeps a backup, and plans nothing afterwards', async () => {
  const world = fakeWorld({ '/etc/sshd': '#Port 22\nUse yes\n' })
  const args = { path: '/etc/sshd', regexp: '^#?Port ', line: 'Port 2222', backup: true }
  const run = await converge(lineinfile, args, world)
  assert.equal(world.files.get('/etc/sshd')?.text, 'Port 2222\nUse yes\n')
  assertHas(run.actions, [{ kind: 'writeFile', backup: true }])
  assert.deepEqual(run.report, { found: 1 })
})

test('lineinfile creates a file only if create is set', async () => {
  const refused = await planOnce(lineinfile, { path: '/etc/new', line: 'x' }, fakeWorld())
  assert.equal(refused.refusal?.code, 'file-not-found')
  const world = fakeWorld()
  await converge(lineinfile, { path: '/etc/new', line: 'x', create: true, mode: '0600' }, world)
  assertHas(world.files.get('/etc/new'), { text: 'x\n', mode: '0600' })
})

test('lineinfile accepts that a file is missing if the line must be absent', async () => {
  const plan = await planOnce(lineinfile, { path: '/etc/new', state: 'absent', line: 'x' }, fakeWorld())
  assert.deepEqual([plan.actions, plan.refusal], [[], undefined])
})

test('lineinfile reports an invalid pattern', async () => {
  const plan = await planOnce(
    lineinfile,
    { path: '/etc/x', line: 'x', regexp: '(' },
    fakeWorld({ '/etc/x': '' }),
  )
  assert.match(plan.refusal?.message ?? '', /^`regexp`: /)
})

test('a pattern with exponential backtracking is matched in linear time', async () => {
  const world = fakeWorld({ '/etc/x': `${'a'.repeat(5000)}!\n` })
  const plan = await planOnce(lineinfile, { path: '/etc/x', line: 'x', regexp: '^(a+)+$' }, world)
  assert.equal(plan.actions.length, 1)
})

test('a line that contains a line break is refused', async () => {
  await assert.rejects(planOnce(lineinfile, { path: '/etc/x', line: 'a\nb' }, fakeWorld()), /pattern/)
})
