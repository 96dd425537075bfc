import assert from 'node:assert/strict'
import { test } from 'node:test'
import { completed, converge, planOnce } from '../testing/converge.ts'
import { fakeWorld, type FakeWorld } from '../testing/fake-host.ts'
import { assertHas } from '../testing/has.ts'
import { interpreterOf, script } from './module.ts'

function worldWith(text: string, files: Readonly<Record<string, string>> = {}): FakeWorld {
  const world = fakeWorld(files)
  world.controller.set('/play/setup.sh', text)
  return world
}

test('script sends the text to the host and runs it with its arguments', async () => {
  const text = '#!/bin/bash -e\ntouch x\n'
  const world = worldWith(text)
  world.program = () => ({ code: 0, stdout: 'made\n', stderr: '' })
  const { actions, report } = await converge(
    script,
    { src: '/play/setup.sh', args: ['a b'], chdir: '/srv' },
    world,
  )
  assertHas(actions, [
    { kind: 'run', stdin: text, directory: '/srv', label: 'run the script setup.sh a b', timeout: 300 },
  ])
  const [run] = actions
  assert.ok(run?.kind === 'run')
  assert.equal(run.argv[4], 'a b')
  assert.match(run.argv[2] ?? '', /^\/bin\/bash -e "\$file" "\$@" <\/dev\/null$/m)
  assertHas(report, { cmd: ['/play/setup.sh', 'a b'], rc: 0, stdout: 'made' })
})

test('without creates or removes, a script is imperative and can change everything', async () => {
  const given = { src: '/play/setup.sh' }
  assert.equal(script.imperative(completed(script, given)), true)
  const { actions } = await planOnce(script, given, worldWith('true\n'))
  assertHas(actions, [{ effects: [{ kind: 'unknown', resources: ['*'] }] }])
})

test('with creates or removes, a script runs once', async () => {
  for (const given of [{ creates: '/etc/made' }, { removes: '/etc/old' }]) {
    const world = worldWith('true\n', { '/etc/old': '' })
    const first = await converge(script, { src: '/play/setup.sh', ...given }, world)
    assert.equal(first.actions.length, 1)
    const second = await converge(script, { src: '/play/setup.sh', ...given }, world)
    assert.equal(second.actions.length, 0)
  }
})

test('the first line names the interpreter, and the rest of it is one argument', () => {
  assert.deepEqual(interpreterOf('#! /usr/bin/env  -S python3 -u \r\nx'), ['/usr/bin/env', '-S python3 -u'])
  assert.deepEqual(interpreterOf('#!/bin/bash'), ['/bin/bash'])
  assert.deepEqual(interpreterOf('echo\n#!/bin/bash'), ['/bin/sh'])
})

test('an executable takes precedence over the first line', async () => {
  const { actions } = await planOnce(
    script,
    { src: '/play/setup.sh', executable: '/bin/dash' },
    worldWith('#!/bin/bash\n'),
  )
  assert.ok(actions[0]?.kind === 'run' && (actions[0].argv[2] ?? '').includes('/bin/dash "$file"'))
})

test('a missing script and a program are refused', async () => {
  const missing = await planOnce(script, { src: '/play/none.sh' }, worldWith(''))
  assert.equal(missing.refusal?.code, 'file-not-found')
  for (const text of ['\u007fELF\0', 'caf\ufffd', 'x'.repeat(1024 * 1024 + 1)]) {
    const { refusal } = await planOnce(script, { src: '/play/setup.sh' }, worldWith(text))
    assert.equal(refusal?.code, 'wrong-kind-of-file')
  }
})
