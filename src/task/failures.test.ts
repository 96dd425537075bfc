import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actions } from '../host/plan.ts'
import { failureOf, keptChanging, lostImperative, notConverged, notSettled } from './failures.ts'
import { writeTo } from './testing/fake-host.ts'

test('a refusal keeps its code, findings and exit code, and has a hint only where it gave one', () => {
  const plain = failureOf({ code: 'no-gpu', message: 'there is no GPU' })
  assert.deepEqual(plain, {
    problem: { code: 'no-gpu', message: 'there is no GPU' },
    findings: [],
    exitCode: undefined,
  })
  const full = failureOf({ code: 'x', message: 'm', hint: 'h', findings: [{ message: 'f' }], exitCode: 5 })
  assert.deepEqual([full.problem.hint, full.findings, full.exitCode], ['h', [{ message: 'f' }], 5])
})

test('what did not settle says for how long, and for what', () => {
  const { problem } = notSettled({ why: 'the container is starting', timeout: 60, hint: 'look at its log' })
  assert.deepEqual(problem, {
    code: 'not-settled',
    message: 'timed out after 60 s: the container is starting',
    hint: 'look at its log',
  })
})

test('what did not converge names every action that is left', () => {
  const { problem } = notConverged(actions([writeTo('/a', ''), writeTo('/b', '')]))
  assert.match(problem.message, /still to do after its changes: write \/a; write \/b$/)
})

test('what kept changing says how often it began again, and the last reason', () => {
  assert.match(keptChanging(3, '/a was changed').problem.message, /3 times.*: \/a was changed$/)
})

test('a program that was lost is named, with why', () => {
  const { problem } = lostImperative('run x', 'reset')
  assert.equal(problem.code, 'connection-lost')
  assert.match(problem.message, /may or may not have finished: run x \(reset\)$/)
})
