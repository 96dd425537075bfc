/** Jinja is never accepted silently, and the parsers never throw. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as fc from 'fast-check'
import type { Problem } from '../../base/errors.ts'
import { ExpressionParser } from '../expression.ts'
import { fileLocator, SourceFile } from '../source.ts'
import { TemplateParser } from '../template.ts'
import { parseJinja } from './parse.ts'
import { partsOf } from './scan.ts'

const templates = new TemplateParser()
const expressions = new ExpressionParser()

function problemsOf(text: string, parser: 'value' | 'expression'): readonly Problem[] {
  const problems: Problem[] = []
  const locator = fileLocator(new SourceFile('x', text))
  if (parser === 'value') templates.parse(text, locator, problems)
  else expressions.parse(text, locator, problems)
  return problems
}

const leaf = fc.constantFrom('a', 'b.c', "'text'", '"x y"', '3', 'facts.os.id', "m['k']")

/** Jinja expressions that are invalid in Handlebars. */
const jinja: fc.Arbitrary<string> = fc.letrec<{ any: string; own: string }>((tie) => ({
  any: fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaf, tie('own')),
  own: fc.oneof(
    fc.tuple(tie('any'), tie('any'), tie('any')).map(([x, y, z]) => `${x} if (${y}) else ${z}`),
    fc
      .tuple(
        tie('any'),
        fc.constantFrom('and', 'or', '==', '!=', 'in', 'not in', '+', '~', '*', '<'),
        tie('any'),
      )
      .map(([x, operator, y]) => `(${x}) ${operator} (${y})`),
    fc
      .tuple(tie('any'), fc.constantFrom('lower', "default('x')", 'bool', 'int', "join(',')", 'd', 'length'))
      .map(([x, filter]) => `(${x}) | ${filter}`),
    fc
      .tuple(tie('any'), fc.constantFrom('defined', 'not defined', 'none', "match('x')", 'string', 'changed'))
      .map(([x, name]) => `(${x}) is ${name}`),
    tie('any').map((x) => `[${x}]`),
    tie('any').map((x) => `not (${x})`),
    fc.tuple(tie('any'), fc.constantFrom('[0]', '[1:]', '.split(",")')).map(([x, end]) => `(${x})${end}`),
  ),
})).own

test('every placeholder with Jinja is refused at its column', () => {
  fc.assert(
    fc.property(jinja, fc.constantFrom('', '-'), (text, control) => {
      const source = `a {{${control} ${text} ${control}}} b`
      const problems = problemsOf(source, 'value')
      assert.equal(problems.length, 1, source)
      assert.equal(problems[0]?.where?.column, 3, source)
      assert.equal(problems[0]?.code, 'jinja', source)
    }),
    { numRuns: 400 },
  )
})

test('the suggested CEL can be parsed', () => {
  fc.assert(
    fc.property(jinja, (text) => {
      const [found] = problemsOf(`{{ ${text} }}`, 'value')
      const shown = /^write !cel '(.*)'$/s.exec(found?.hint ?? '')?.[1]?.replaceAll("''", "'")
      if (shown === undefined) return
      const wrong = problemsOf(shown, 'expression').filter(
        ({ code }) => code === 'invalid-expression' || code === 'jinja',
      )
      assert.deepEqual(wrong, [], `${text} as ${shown}`)
    }),
    { numRuns: 400 },
  )
})

test('any text is scanned and parsed without an exception, into consecutive pieces of the text', () => {
  const piece = fc.constantFrom(
    '{{',
    '}}',
    '{%',
    '%}',
    '{#',
    '#}',
    '\\',
    '"',
    "'",
    ' if ',
    'x',
    ' ',
    '\n',
    '(',
    '[',
    '|',
    '$',
    '-',
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 40 }).map((pieces) => pieces.join('')),
  )
  fc.assert(
    fc.property(text, (source) => {
      let end = 0
      for (const part of partsOf(source)) {
        assert.ok(part.start >= end)
        assert.equal(source.slice(part.start, part.start + part.text.length), part.text)
        end = part.start + part.text.length
      }
      parseJinja(source)
      problemsOf(source, 'value')
      problemsOf(source, 'expression')
    }),
    { numRuns: 2000 },
  )
})

test('long texts of braces and brackets are read in linear time', () => {
  for (const text of [
    '{{'.repeat(20_000),
    '{{ a '.repeat(20_000),
    '('.repeat(100_000),
    '{%'.repeat(50_000),
    '{#'.repeat(50_000),
    "{{ '".repeat(20_000),
  ]) {
    const before = performance.now()
    partsOf(text)
    parseJinja(text)
    assert.ok(performance.now() - before < 2000, text.slice(0, 10))
  }
})
