import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Problem } from '../base/errors.ts'
import { ExpressionParser } from './expression.ts'
import { fileLocator, problem, SourceFile } from './source.ts'
import { TemplateParser } from './template.ts'
import { readYaml } from './yaml.ts'

const file = (text: string): SourceFile => new SourceFile('f', text)
const messages = (problems: readonly Problem[]): readonly string[] => problems.map(({ message }) => message)
const yaml = (text: string): readonly string[] => messages(readYaml(file(text)).problems)

function inExpression(text: string): readonly string[] {
  const problems: Problem[] = []
  new ExpressionParser().parse(text, fileLocator(file(text)), problems)
  return messages(problems)
}

function inTemplate(text: string): readonly string[] {
  const problems: Problem[] = []
  new TemplateParser().parse(text, fileLocator(file(text)), problems)
  return messages(problems)
}

const around = (open: string, inside: string, close: string, times: number): string =>
  open.repeat(times) + inside + close.repeat(times)

test('YAML that is nested too deeply is refused with a clear message at any depth', () => {
  assert.deepEqual(yaml(around('[', '', ']', 150)), [])
  const tooDeep = ['the maps and lists of this file are nested too deeply: the limit is 200 levels']
  const indented = Array.from({ length: 2000 }, (_, level) => `${' '.repeat(level)}a:\n`).join('')
  for (const text of [
    around('[', '', ']', 300),
    around('[', '', ']', 5000),
    around('{a: ', '1', '}', 5000),
    '- '.repeat(300),
    '- '.repeat(5000),
    '? '.repeat(5000),
    indented,
  ])
    assert.deepEqual(yaml(text), tooDeep, text.slice(0, 20))
  const text = `a: |\n  ${'-'.repeat(5000)}\n  ${' '.repeat(900)}x\n  ${'{{ '.repeat(500)}\n`
  assert.deepEqual(yaml(text), [])
})

test('if aliases repeat too many values, the message names aliases as the cause', () => {
  const aliases = 'a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n'
  const more = `${aliases}c: [${Array.from({ length: 2000 }, () => '*b').join(', ')}]\n`
  assert.deepEqual(yaml(more), ['with its aliases expanded, this file has more than 200,000 values'])
})

test('a file with a million values is refused before it is parsed', () => {
  assert.deepEqual(yaml('- 1\n'.repeat(1_000_000)), ['this file has more than 200,000 values'])
})

test('expressions that are too long or nested too deeply are refused with a clear message', () => {
  assert.deepEqual(inExpression(around('(', 'a', ')', 100)), [])
  assert.deepEqual(inExpression(`a${' && a'.repeat(300)}`), [])
  for (const text of [
    around('(', 'a', ')', 300),
    around('[', '', ']', 50_000),
    `a${' && a'.repeat(20_000)}`,
    `${'!'.repeat(50_000)}a`,
    `a${'.a'.repeat(5000)}`,
    `${'a ? a : '.repeat(5000)}a`,
  ])
    assert.deepEqual(
      inExpression(text),
      ['this expression is too long or nested too deeply'],
      text.slice(0, 20),
    )
})

test(
  'templates that are nested too deeply are refused quickly and with a clear message',
  { timeout: 20_000 },
  () => {
    const tooDeep = ['this template is nested too deeply: the limit is 200 levels']
    assert.deepEqual(inTemplate(around('{{#if a}}', 'x', '{{/if}}', 100)), [])
    assert.deepEqual(inTemplate(`{{json a}}${'{{#if a}}x{{else}}y{{/if}}'.repeat(300)}`), [])
    assert.deepEqual(inTemplate(`${'('.repeat(1000)} is text {{a}} ${'.x'.repeat(1000)}`), [])
    for (const text of [
      `{{a${'.a'.repeat(5000)}}}`,
      `x {{{a${'.a'.repeat(300)}}}}`,
      around('{{#if a}}', 'x', '{{/if}}', 5000),
      `{{#if a}}${'{{else if a}}'.repeat(5000)}{{/if}}`,
      `{{json ${around('(not ', 'a', ')', 5000)}}}`,
    ])
      assert.deepEqual(inTemplate(text), tooDeep, text.slice(0, 20))
  },
)

test('the excerpt of a long line shows only the part around the mistake', () => {
  const line = `${'a'.repeat(5_000_000)}HERE${'b'.repeat(5_000_000)}`
  const source = file(`${'z'.repeat(1000)}\n${line}\n`)
  const excerpt = source.position(1001 + 5_000_000, 4).excerpt()
  const [before = '', shown = '', caret = ''] = excerpt.split('\n')
  assert.equal(before, `1 | ${'z'.repeat(160)} ...`)
  assert.equal(shown, `2 | ... ${'a'.repeat(80)}HERE${'b'.repeat(76)} ...`)
  assert.equal(caret.indexOf('^'), shown.indexOf('HERE'))
  assert.match(caret, / \^{4}$/)
  const all = source.position(1001, line.length).excerpt().split('\n')[2] ?? ''
  assert.equal(all, `  | ${'^'.repeat(160)}`)
})

test('a long text in a message is shortened in the middle', () => {
  const { message, hint } = problem('code', `"${'x'.repeat(100_000)}" is wrong`, {
    hint: 'y'.repeat(100_000),
  })
  assert.match(message, /^"x{399} \.\.\. x+" is wrong$/)
  assert.ok(message.length < 600 && (hint ?? '').length < 600)
})
