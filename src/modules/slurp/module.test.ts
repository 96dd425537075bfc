import assert from 'node:assert/strict'
import { test } from 'node:test'
import { converge, planOnce } from '../testing/converge.ts'
import { fakeWorld } from '../testing/fake-host.ts'
import { slurp } from './module.ts'

test('slurp reports a text, and in base64', async () => {
  const { actions, report } = await converge(slurp, { path: '/etc/x' }, fakeWorld({ '/etc/x': 'café\n' }))
  assert.deepEqual(actions, [])
  assert.deepEqual(report, { source: '/etc/x', encoding: 'base64', content: 'Y2Fmw6kK', text: 'café\n' })
})

test('bytes that are not UTF-8 are reported only in base64', async () => {
  const world = fakeWorld({ '/etc/x': 'caf\ufffd' })
  world.answer = (argv) =>
    argv.join(' ') === 'base64 -w0 /etc/x' ? { code: 0, stdout: 'Y2Fm6Q==', stderr: '' } : undefined
  const { report } = await converge(slurp, { path: '/etc/x' }, world)
  assert.deepEqual(report, { source: '/etc/x', encoding: 'base64', content: 'Y2Fm6Q==' })
})

test('a missing file, a directory and a large file are refused', async () => {
  const codes = await Promise.all(
    ['/etc/none', '/etc', '/etc/large'].map(async (path) => {
      const world = fakeWorld({ '/etc/large': 'x'.repeat(700 * 1024 + 1) })
      return (await planOnce(slurp, { path }, world)).refusal?.code
    }),
  )
  assert.deepEqual(codes, ['file-not-found', 'wrong-kind-of-file', 'file-too-large'])
})
