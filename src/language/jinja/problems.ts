/** Reports Jinja, with its equivalent in Handlebars or CEL as the hint. */
import type { Fix, Problem } from '../../base/errors.ts'
import { type Locator, problem } from '../source.ts'
import { parseJinja, type ParsedJinja } from './parse.ts'
import { type Part, partsOf } from './scan.ts'
import { tagHint } from './tag-hint.ts'
import { toCel } from './to-cel.ts'
import { toHandlebars, toParameter } from './to-handlebars.ts'
import { type JinjaNode, NoCounterpart } from './tree.ts'

/** The code of every problem of this file. */
const code = 'jinja'

/** Reports Jinja tags and comments in a text. Placeholders are checked when they are parsed. */
export function jinjaTags(text: string, locator: Locator): readonly Problem[] {
  if (!/\{[%#]/.test(text)) return []
  return partsOf(text)
    .filter(({ kind }) => kind !== 'placeholder')
    .map((part) => tagProblem(part, locator))
}

function tagProblem({ kind, text, start }: Part, locator: Locator): Problem {
  const line = text.split('\n')[0] ?? ''
  return problem(code, `"${short(line)}" is Jinja; templates here are Handlebars`, {
    where: locator.at(start, line.length),
    hint:
      kind === 'comment'
        ? `write {{!-- ${text.slice(2, -2).replaceAll(/^-|-$/g, '').trim()} --}}`
        : tagHint(text.replaceAll(/^\{%[-+]?\s*|\s*[-+]?%\}$/g, '')),
  })
}

/** A placeholder that Handlebars cannot parse. */
export interface Placeholder {
  /** With its braces. */
  readonly text: string
  readonly start: number
  /** `if`, `unless`, `each`, `with`, or `else if`. */
  readonly block: string | undefined
  /** The expression in it. */
  readonly expression: string
  /** Block parameters as written: ` as |x|`. */
  readonly parameters: string
}

/** Returns the hint; a value that is only a placeholder may become `!cel`. */
export interface PlaceholderContext {
  readonly locator: Locator
  readonly wholeValue: boolean
}

/** Returns `undefined` if the placeholder is not Jinja either. */
export function jinjaPlaceholder(placeholder: Placeholder, around: PlaceholderContext): Problem | undefined {
  const { text, start, block } = placeholder
  const [, before = '', expression = '', after = ''] =
    /^([-+]?)(.*?)([-+]?)$/s.exec(placeholder.expression.trim()) ?? []
  const control = /^\{\{\{?[-+]/.test(text) || /[-+]\}?\}\}$/.test(text)
  const parsed = parseJinja(control ? expression : before + expression + after)
  if (parsed === undefined) return undefined
  const [mark] = parsed.marks
  if (mark === undefined && !control) return undefined
  const { node } = parsed
  const what = mark?.what ?? 'Jinja whitespace control'
  const { hint, fix } =
    block === undefined
      ? placeholderAdvice(node, around.wholeValue, {
          before: before !== '' && control,
          after: after !== '' && control,
        })
      : blockAdvice(node, block, placeholder.parameters)
  return problem(code, `"${short(text)}" uses ${what}; templates here are Handlebars`, {
    where: around.locator.at(start, text.split('\n')[0]?.length ?? 1),
    hint,
    fix: fix && { ...fix, from: text },
  })
}

interface Advice {
  readonly hint: string
  readonly fix?: Pick<Fix, 'kind' | 'to'>
}

/** The text that replaces the placeholder. */
function writeText(to: string): Advice {
  return { hint: `write ${to}`, fix: { kind: 'text', to } }
}

/** The expression that replaces the whole value. */
function writeCel(expression: string): Advice {
  const to = celTag(expression)
  return { hint: `write ${to}`, fix: { kind: 'yaml', to } }
}

function placeholderAdvice(
  node: JinjaNode,
  wholeValue: boolean,
  trim: { readonly before: boolean; readonly after: boolean },
): Advice {
  const handlebars = attempt(() => toHandlebars(node))
  const cel = attempt(() => toCel(node))
  if (handlebars.text !== undefined && (trim.before || trim.after)) {
    const opened = trim.before ? handlebars.text.replace(/^\{\{/, '{{~') : handlebars.text
    return writeText(trim.after ? opened.replace(/\}\}$/, '~}}') : opened)
  }
  if (wholeValue && cel.text !== undefined && !isShorterWithHelpers(node)) return writeCel(cel.text)
  if (handlebars.text !== undefined) return writeText(handlebars.text)
  if (cel.text !== undefined)
    return wholeValue
      ? writeCel(cel.text)
      : { hint: `set a variable under "vars", such as value: ${celTag(cel.text)}, and write {{value}}` }
  const advice = wholeValue ? cel.advice || handlebars.advice : handlebars.advice || cel.advice
  return { hint: advice || 'docs/reference.md lists the template helpers' }
}

/** If a value may be either, these are shorter as a template: filters as helpers, paths, text with values. */
function isShorterWithHelpers(node: JinjaNode): boolean {
  switch (node.kind) {
    case 'filter':
      return node.name !== 'ternary' && (node.of.kind !== 'filter' || isShorterWithHelpers(node.of))
    case 'binary':
      return node.operator === '~'
    case 'index':
      return node.key.kind === 'number'
    case 'call':
      return node.callee.kind === 'name'
    default:
      return false
  }
}

function blockAdvice(node: JinjaNode, block: string, parameters: string): Advice {
  const inside = attempt(() => toParameter(node))
  if (inside.text !== undefined)
    return writeText(
      block === 'else if' ? `{{else if ${inside.text}}}` : `{{#${block} ${inside.text}${parameters}}}`,
    )
  const cel = attempt(() => toCel(node))
  const hint =
    cel.text === undefined
      ? inside.advice || cel.advice || 'docs/reference.md lists the template helpers'
      : `set a variable under "vars", such as value: ${celTag(cel.text)}, and write {{#${block.replace('else ', '')} value}}`
  return { hint }
}

/** Returns the problem of an expression that CEL cannot parse, if it is Jinja. */
export function jinjaExpression(source: string, locator: Locator): Problem | undefined {
  const parsed = parseJinja(source)
  const mark = parsed?.marks.find(({ inCel }) => !inCel)
  if (parsed === undefined || mark === undefined) return undefined
  return problem(code, `"${shownMark(source, mark.start)}" is ${mark.what}; expressions here are CEL`, {
    where: locator.at(mark.start, mark.length),
    ...expressionAdvice(source, parsed),
  })
}

/**
 * Reports Jinja that CEL accepts with another meaning: `//` starts a comment, and braces in a text are
 * literal.
 */
export function misreadExpression(source: string, locator: Locator): Problem | undefined {
  const texts = [...source.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g)]
  const outside = texts.reduce(
    (rest, { 0: text, index }) =>
      rest.slice(0, index) + ' '.repeat(text.length) + rest.slice(index + text.length),
    source,
  )
  const braces = outside.indexOf('{{')
  if (braces !== -1) {
    return problem('invalid-expression', 'expressions cannot contain templates', {
      where: locator.at(braces, 2),
      hint: 'remove the braces',
      fix: withoutBraces(source),
    })
  }
  const filled = texts.find(([text]) => /\{\{.*\}\}|\{%.*%\}/s.test(text))
  if (filled !== undefined) {
    return problem(code, 'expressions cannot contain templates: the braces in this text stay as they are', {
      where: locator.at(filled.index, filled[0].length),
      hint: `write ${joined(filled[0].slice(1, -1)) ?? 'the variable itself, and join texts with +: "a" + b'}`,
    })
  }
  const comment = outside.indexOf('//')
  const parsed = comment === -1 ? undefined : parseJinja(source)
  if (parsed === undefined) return undefined
  return problem(code, '"//" starts a comment in CEL, so the rest is ignored', {
    where: locator.at(comment, 2),
    ...expressionAdvice(source, parsed),
  })
}

/** Of an expression that is one placeholder: `{{ a and b }}` becomes `a && b`. */
function withoutBraces(source: string): Fix | undefined {
  const [, inside = ''] = /^\s*\{\{([^{}]*)\}\}\s*$/.exec(source) ?? []
  const node = parseJinja(inside)?.node
  const to = node && attempt(() => toCel(node)).text
  return to === undefined ? undefined : { kind: 'text', from: source, to }
}

/** `a-{{ b }}` as `"a-" + string(b)`. */
function joined(text: string): string | undefined {
  const pieces = text.split(/\{\{(.*?)\}\}/s).map((piece, index) => {
    if (index % 2 === 0) return piece === '' ? '' : `"${piece}"`
    const node = parseJinja(piece)?.node
    return node === undefined ? undefined : attempt(() => toCel(node)).text
  })
  if (pieces.includes(undefined) || text.includes('{%')) return undefined
  const [only, ...more] = pieces.filter((piece) => piece !== '')
  return more.length === 0 ? only : [only, ...more].join(' + ')
}

/** Returns the mark with its operand: `| lower`, `is defined`. */
function shownMark(source: string, start: number): string {
  const text = source.slice(start)
  return (
    /^\|\s*[\w.]+/.exec(text)?.[0] ??
    /^is\s+(?:not\s+)?[\w.]+/.exec(text)?.[0] ??
    /^not\s+in\b/.exec(text)?.[0] ??
    /^\w+|^\*\*|^\/\/|^./.exec(text)?.[0] ??
    ''
  )
}

function expressionAdvice(
  source: string,
  { node }: ParsedJinja,
): { readonly hint: string; readonly fix?: Fix } {
  const { text, advice } = attempt(() => toCel(node))
  return text === undefined
    ? { hint: advice || 'docs/reference.md lists the functions of expressions' }
    : { hint: `write ${inYaml(text)}`, fix: { kind: 'text', from: source, to: text } }
}

/** Quotes the text if YAML would read it as a tag, a list or a key. */
function inYaml(expression: string): string {
  return /^[!"'[{]|: | #/.test(expression) ? `'${expression.replaceAll("'", "''")}'` : expression
}

interface Attempt {
  readonly text: string | undefined
  readonly advice: string
}

function attempt(translate: () => string): Attempt {
  try {
    return { text: translate(), advice: '' }
  } catch (error) {
    if (!(error instanceof NoCounterpart)) throw error
    return { text: undefined, advice: error.message }
  }
}

/** In quotes, since expressions contain special characters of YAML. */
export function celTag(expression: string): string {
  return `!cel '${expression.replaceAll("'", "''")}'`
}

function short(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 60 ? `${line.slice(0, 57)}...` : line
}
