import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { test } from 'node:test'
import * as fc from 'fast-check'
import { globPattern } from './glob.ts'

test('stars and question marks match characters; all other characters match themselves', () => {
  const fits = (glob: string, name: string): boolean => globPattern(glob).test(name)
  assert.ok(fits('libnvidia-*', 'libnvidia-ml1'))
  assert.ok(fits('gpu-0?', 'gpu-07'))
  assert.ok(!fits('gpu-0?', 'gpu-070'))
  assert.ok(fits('g++', 'g++'))
  assert.ok(!fits('a.b', 'axb'))
  assert.ok(fits('[::1]:*', '[::1]:2200'))
  assert.ok(!fits('[ab]', 'a'))
})

test('character classes are supported only on request', () => {
  const fits = (glob: string, name: string): boolean => globPattern(glob, { classes: true }).test(name)
  assert.ok(fits('pve[12]', 'pve2'))
  assert.ok(!fits('pve[12]', 'pve3'))
  assert.ok(fits('pve[!12]', 'pve3'))
  assert.ok(!fits('pve[!12]', 'pve1'))
})

test('names match like in a shell', () => {
  const letters = fc.string({ unit: fc.constantFrom(...'ab.-+()|{}$^!x'.split('')), maxLength: 6 })
  const globs = fc
    .array(fc.oneof(letters, fc.constantFrom('*', '?', '[ab]', '[!ab]')), { maxLength: 5 })
    .map((parts) => parts.join(''))
  const cases = fc.sample(fc.tuple(globs, letters), { numRuns: 400, seed: 1 })
  const quoted = (glob: string): string =>
    glob.replaceAll(/\[!?ab\]|[^*?]/g, (part) => (part.startsWith('[') ? part : `'${part}'`)) || "''"
  const script = cases.map(([glob, name]) => `case '${name}' in ${quoted(glob)}) echo y;; *) echo n;; esac`)
  const answers = execFileSync('sh', { input: script.join('\n'), encoding: 'utf8' })
    .trim()
    .split('\n')
  for (const [index, [glob, name]] of cases.entries())
    assert.equal(globPattern(glob, { classes: true }).test(name), answers[index] === 'y', `${glob} ${name}`)
  assert.ok(answers.filter((answer) => answer === 'y').length > 20)
})
