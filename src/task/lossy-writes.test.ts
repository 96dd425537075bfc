import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Secret } from '../base/secret.ts'
import type { Action } from '../host/action.ts'
import { actions } from '../host/plan.ts'
import { writeTo } from './testing/fake-task-host.ts'
import { withoutLoss } from './lossy-writes.ts'

/** The reading of a file whose line 2 is not UTF-8, and of another file. */
const reading = {
  touched: new Map([
    ['one file:/etc/x', { content: 'sha256:1', lossyLine: 2 }],
    ['one file:/etc/y', { content: 'sha256:2' }],
  ]),
}

test('a file is not written with what stands for bytes that were not read', () => {
  const refusal = (...list: readonly Action[]): unknown => withoutLoss(actions(list), reading).refusal
  assert.deepEqual(refusal(writeTo('/etc/z', 'z'), writeTo('/etc//x', 'a\ncaf\u{fffd}\nb\n')), {
    code: 'not-utf8',
    message: 'line 2 of /etc//x has bytes that are not UTF-8, which a change would destroy',
    hint: 'write that line again in UTF-8, or convert the file with iconv',
  })
  const text = new Secret('caf\u{fffd}')
  const secret = { kind: 'writeFile', path: '/etc/x', content: { kind: 'text', text } } as const
  assert.ok(refusal(secret))
  assert.equal(refusal(writeTo('/etc/x', 'a\nb\n')), undefined, 'the line goes')
  assert.equal(refusal(writeTo('/etc/y', '\u{fffd}')), undefined, 'the file has this character itself')
})
