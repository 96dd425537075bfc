import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actions } from '../host/plan.ts'
import { failureOf, keptChanging, lostImperative, notConverged, notSettled } from './failures.ts'
import { writeTo } from './testing/fake-task-host.ts'

test('a refusal keeps its code, findings, exit code and optional hint', () => {
  const plain = failureOf({ code: 'no-gpu', message: 'there is no GPU' })
  assert.deepEqual(plain, {
    problem: { code: 'no-gpu', message: 'there is no GPU' },
    findings: [],
    exitCode: undefined,
  })
  const full = failureOf({ code: 'x', message: 'm', hint: 'h', findings: [{ message: 'f' }], exitCode: 5 })
  assert.deepEqual([full.problem.hint, full.findings, full.exitCode], ['h', [{ message: 'f' }], 5])
})

test('a timeout reports its length and reason', () => {
  const { problem } = notSettled({ why: 'the container is starting', timeout: 60, hint: 'look at its log' })
  assert.deepEqual(problem, {
    code: 'not-settled',
    message: 'timed out after 60 s: the container is starting',
    hint: 'look at its log',
  })
})

test('a unit that did not converge lists every remaining action', () => {
  const { problem } = notConverged(actions([writeTo('/a', ''), writeTo('/b', '')]))
  assert.match(problem.message, /still to do after its changes: write \/a; write \/b$/)
})

test('a unit that kept changing reports the number of restarts and the last reason', () => {
  assert.match(keptChanging(3, '/a was changed').problem.message, /3 times.*: \/a was changed$/)
})

test('a lost program is named with the reason', () => {
  const { problem } = lostImperative('run x', 'reset')
  assert.equal(problem.code, 'connection-lost')
  assert.match(problem.message, /may or may not have finished: run x \(reset\)$/)
})
