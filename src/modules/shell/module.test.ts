import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { shell } from './module.ts'

test('shell passes the line to the requested shell', async () => {
  const { actions } = await planOnce(shell, { cmd: 'a | b > c', executable: '/bin/bash' }, fakeWorld())
  assertHas(actions, [{ argv: ['/bin/bash', '-c', 'a | b > c'] }])
})

test('with reads, shell runs in the probe, as one line of the shell', async () => {
  const world = fakeWorld()
  const asked: (readonly string[])[] = []
  world.answer = (argv) => {
    asked.push(argv)
    return { code: 0, stdout: 'yes\n', stderr: '' }
  }
  const { actions, report } = await converge(shell, { cmd: 'probe | sort', reads: true }, world)
  assert.deepEqual(actions, [])
  assert.deepEqual(asked, [['/bin/sh', '-c', 'probe | sort']])
  assert.equal(report['stdout'], 'yes')
})

test('without creates or removes, a shell line is imperative', () => {
  assert.equal(shell.imperative(completed(shell, { cmd: 'x' })), true)
  assert.equal(shell.imperative(completed(shell, { cmd: 'x', creates: '/x' })), false)
})
