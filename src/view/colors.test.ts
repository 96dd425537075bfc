import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type ColorChoice, createColors } from './colors.ts'

const cases: readonly (readonly [ColorChoice['wanted'], ColorChoice['environment'], boolean, boolean])[] = [
  ['auto', {}, true, true],
  ['auto', {}, false, false],
  ['auto', { NO_COLOR: '1' }, true, false],
  ['auto', { NO_COLOR: '' }, true, true],
  ['auto', { NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
  ['auto', { FORCE_COLOR: '1' }, false, true],
  ['auto', { FORCE_COLOR: '0' }, true, false],
  ['auto', { TERM: 'dumb' }, true, false],
  ['always', { NO_COLOR: '1' }, false, true],
  ['never', { FORCE_COLOR: '1' }, true, false],
]
for (const [wanted, environment, isTerminal, expected] of cases) {
  const where = isTerminal ? 'a terminal' : 'a pipe'
  test(`--color ${wanted} with ${JSON.stringify(environment)} on ${where} is ${expected ? '' : 'not '}coloured`, () => {
    const text = createColors({ wanted, environment, isTerminal }).red('x')
    assert.equal(text !== 'x', expected)
  })
}
