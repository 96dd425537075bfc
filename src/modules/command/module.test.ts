import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { assertHas } from '../testing/has.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { command } from './module.ts'

test('command runs its arguments without a shell and returns the output', async () => {
  const world = fakeWorld()
  world.program = (argv) => ({ code: 0, stdout: `${argv.join('|')}\nb\n`, stderr: '' })
  const { report, actions } = await converge(command, { cmd: `echo 'a b' "c\\"d" e\\ f $X` }, world)
  assertHas(actions, [{ argv: ['echo', 'a b', 'c"d', 'e f', '$X'], timeout: 300 }])
  assert.deepEqual(report['stdout_lines'], ['echo|a b|c"d|e f|$X', 'b'])
  assert.equal(report['rc'], 0)
})

test('without creates or removes, a command is imperative and can change everything', async () => {
  const args = completed(command, { argv: ['make', 'install'] })
  assert.equal(command.imperative(args), true)
  const plan = await planOnce(command, { argv: ['make', 'install'] }, fakeWorld())
  assertHas(plan.actions, [{ effects: [{ kind: 'unknown', resources: ['*'] }] }])
})

test('with creates, command runs once', async () => {
  const world = fakeWorld()
  const args = { cmd: 'mkfs /dev/x', creates: '/etc/made' }
  assert.equal(command.imperative(completed(command, args)), false)
  const first = await converge(command, args, world)
  assert.equal(first.actions.length, 1)
  const second = await converge(command, args, world)
  assert.equal(second.actions.length, 0)
  assert.equal(second.report['rc'], 0)
})

test('a command that does not create the file of creates does not converge', async () => {
  const world = fakeWorld()
  world.program = () => ({ code: 0, stdout: '', stderr: '' })
  await assert.rejects(converge(command, { cmd: 'true', creates: '/etc/made' }, world), /did not converge/)
})

test('with removes, command runs only while the path exists', async () => {
  const world = fakeWorld({ '/etc/old': 'x' })
  assert.equal(
    (await converge(command, { cmd: 'rm /etc/old', removes: '/etc/old' }, world)).actions.length,
    1,
  )
  assert.equal(
    (await converge(command, { cmd: 'rm /etc/old', removes: '/etc/old' }, world)).actions.length,
    0,
  )
})

test('with reads, command runs in the probe and changes nothing', async () => {
  const world = fakeWorld()
  const asked: unknown[] = []
  world.answer = (argv, options) => {
    asked.push([argv, options.directory, options.timeout])
    return { code: 0, stdout: 'yes\n', stderr: '' }
  }
  const { actions, report } = await converge(
    command,
    { cmd: 'probe x', reads: true, chdir: '/etc', timeout: 5 },
    world,
  )
  assert.deepEqual(actions, [])
  assert.deepEqual(asked, [[['probe', 'x'], '/etc', 5000]])
  assert.equal(report['stdout'], 'yes')
})

test('if a reading program fails, the task fails with its last output', async () => {
  const world = fakeWorld()
  world.answer = () => ({ code: 3, stdout: '', stderr: 'one\nno such card\n' })
  const { refusal } = await planOnce(command, { cmd: 'probe', reads: true }, world)
  assert.equal(refusal?.message, '"probe" failed with exit status 3: one | no such card')
})

test('an open quote is a mistake', async () => {
  const { refusal } = await planOnce(command, { cmd: "echo 'a" }, fakeWorld())
  assert.equal(refusal?.code, 'invalid-argument')
})
