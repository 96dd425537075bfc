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

test('with backrefs the line keeps parts of the old one, and is not added if nothing matches', async () => {
  const world = fakeWorld({ '/etc/grub': 'A=1\nCMDLINE="quiet"\n' })
  const args = { path: '/etc/grub', backrefs: true, regexp: '^(CMDLINE=)"(?P<old>quiet)"$' }
  await converge(lineinfile, { ...args, line: '\\1"\\g<old> iommu=pt"' }, world)
  assert.equal(world.files.get('/etc/grub')?.text, 'A=1\nCMDLINE="quiet iommu=pt"\n')
  assert.deepEqual((await planOnce(lineinfile, { ...args, line: '\\1x' }, world)).actions, [])
})

test('backrefs that would change the file again, without groups or without a pattern, are refused', async () => {
  const said = async (args: Readonly<Record<string, unknown>>): Promise<string | undefined> =>
    (await planOnce(lineinfile, { path: '/x', backrefs: true, ...args }, fakeWorld({ '/x': 'a\n' }))).refusal
      ?.message
  assert.equal(
    await said({ regexp: '(a.*)', line: '\\1b' }),
    'the next run would change /x again, since `regexp` also matches the new line or another one',
  )
  assert.equal(await said({ regexp: 'a', line: '\\1' }), '`line`: `regexp` has no group 1')
  assert.equal(await said({ line: 'a' }), '`backrefs` refers to the groups of `regexp`, which is not set')
})

test('search_string matches a text, not a pattern, and firstmatch the first line with it', async () => {
  const world = fakeWorld({ '/x': 'abc\na.c 1\na.c 2\n' })
  await converge(lineinfile, { path: '/x', search_string: 'a.c', firstmatch: true, line: 'a.c 3' }, world)
  assert.equal(world.files.get('/x')?.text, 'abc\na.c 3\na.c 2\n')
  await converge(lineinfile, { path: '/x', search_string: 'a.c', state: 'absent' }, world)
  assert.equal(world.files.get('/x')?.text, 'abc\n')
})
