import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { setImmediate as turn } from 'node:timers/promises'
import { whenAborted } from './channel.ts'
import { Deadline } from './deadline.ts'

describe('a deadline', () => {
  test('aborts after its time', async () => {
    const deadline = new Deadline([new AbortController().signal], 1)
    await new Promise<void>((resolve) => whenAborted(deadline.signal, resolve))
    assert.equal(deadline.passed, true)
    assert.match(String(deadline.signal.reason), /timed out/)
  })

  test('aborts with any of its signals, and with the reason of that signal', () => {
    const [first, second] = [new AbortController(), new AbortController()]
    const deadline = new Deadline([first.signal, second.signal], 3_600_000)
    second.abort(new Error('enough'))
    first.abort(new Error('too late'))
    assert.match(String(deadline.signal.reason), /enough/)
    assert.equal(deadline.passed, false)
  })

  test('is aborted at once if its signal is', () => {
    assert.equal(new Deadline([AbortSignal.abort()], 3_600_000).signal.aborted, true)
  })

  test('does not abort after the wait has ended', () => {
    const controller = new AbortController()
    const deadline = new Deadline([controller.signal], 3_600_000)
    deadline.end()
    controller.abort()
    assert.equal(deadline.signal.aborted, false)
  })
})

test('calls a listener that is added to an already aborted signal', async () => {
  const calls: string[] = []
  whenAborted(AbortSignal.abort(), () => calls.push('listening'))
  const stop = whenAborted(AbortSignal.abort(), () => calls.push('stopped'))
  stop()
  await turn()
  assert.deepEqual(calls, ['listening'])
})
