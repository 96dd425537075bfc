/**
 * Limits on input, so that a bad file ends with a message rather than a stack overflow or minutes of parsing.
 */
import { Lexer } from 'yaml'
import type { Problem } from '../base/errors.ts'
import { problem, type SourceFile } from './source.ts'

/** The most values in one file, repetitions by aliases included; a playbook has hundreds. */
export const mostValues = 200_000
/**
 * The deepest nesting of maps and lists, of blocks and calls in templates, and of brackets in expressions.
 */
export const deepest = 200

/** The shortest text whose values are counted before parsing. */
const worthCounting = 1024 * 1024
/**
 * The deepest indentation in characters: block text may be far to the right, and each level takes at least
 * one.
 */
const widestIndent = 1000

/** Whether an error is a stack overflow. Some parsers wrap it in their own error. */
export function isTooDeep(error: unknown): boolean {
  return error instanceof Error && /maximum call stack/i.test(error.message)
}

/**
 * Returns the problem of a file that is too large or too deep to parse, judging by its tokens. The parser
 * would take minutes, or overflow its stack, which ends the process if it happens in a regular expression.
 */
export function tooMuchToParse(source: SourceFile): Problem | undefined {
  const { text } = source
  const indented = tooFarIndented(text)
  if (indented !== undefined) return fileNestedTooDeeply(source.position(indented))
  const brackets = text.split(/[[{]/, deepest + 2).length > deepest
  return brackets || text.length > worthCounting ? tooManyWords(source) : undefined
}

function tooFarIndented(text: string): number | undefined {
  for (let start = 0; start !== -1 && start < text.length; start = nextLine(text, start)) {
    let end = start
    while (text[end] === ' ' || ((text[end] === '-' || text[end] === '?') && text[end + 1] === ' ')) end += 1
    if (end - start > widestIndent) return end - 1
  }
  return undefined
}

function nextLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? -1 : end + 1
}

/** The lexer's marker tokens, which are not in the text: a document, a scalar in a flow, a scalar. */
const marks = new Set(['\u0002', '\u0018', '\u001f'])

function tooManyWords(source: SourceFile): Problem | undefined {
  let words = 0
  let depth = 0
  let offset = 0
  for (const token of new Lexer().lex(source.text)) {
    if (token === '\u001f') words += 1
    else if (token === '[' || token === '{') depth += 1
    else if (token === ']' || token === '}') depth -= 1
    if (!marks.has(token)) offset += token.length
    if (depth > deepest) return fileNestedTooDeeply(source.position(offset - 1))
    // Every second word may be a key.
    if (words > 2 * mostValues) return tooManyValues(source.position(0))
  }
  return undefined
}

export function fileNestedTooDeeply(where: Problem['where']): Problem {
  return nestedTooDeeply('the maps and lists of this file are', where)
}

export function tooManyValues(where: Problem['where'], aliases = false): Problem {
  return problem(
    'yaml-too-large',
    aliases
      ? `with its aliases expanded, this file has more than ${inThousands(mostValues)} values`
      : `this file has more than ${inThousands(mostValues)} values`,
    { where, hint: aliases ? 'use fewer aliases' : 'split the file' },
  )
}

/** `what` is the subject of the sentence. */
export function nestedTooDeeply(what: string, where: Problem['where']): Problem {
  const hint = 'split it into smaller parts'
  return problem('nested-too-deeply', `${what} nested too deeply: the limit is ${deepest} levels`, {
    where,
    hint,
  })
}

function inThousands(number: number): string {
  return number.toLocaleString('en-US')
}

/**
 * Returns the position where a template nests more blocks, calls or path parts than Handlebars can handle in
 * time and stack.
 */
export function tooDeepAt(template: string): number | undefined {
  /** Open calls in a placeholder; undefined outside one. */
  let calls: number | undefined
  // The depth of each open block: every `else if` adds one.
  const blocks: number[] = []
  let depth = 0
  for (const { 0: token, index } of template.matchAll(templateToken)) {
    if (token.startsWith('{{')) {
      calls = 0
      if (token.endsWith('/')) depth -= blocks.pop() ?? 0
      else if (token.length > 2) {
        blocks.push(token.includes('else') ? (blocks.pop() ?? 0) + 1 : 1)
        depth += 1
      }
    } else if (token === '}}') calls = undefined
    else if (calls === undefined) continue
    else if (token === '(') calls += 1
    else if (token === ')') calls -= 1
    else if (token.length > deepest && token.split('.').length > deepest) return index
    if (depth > deepest || (calls ?? 0) > deepest) return index
  }
  return undefined
}

/** `{{#`, `{{/`, `{{else`, `{{`, `}}`, brackets, and words such as paths. */
const templateToken = /\{\{\{?~?[#^/]|\{\{~?else\s|\{\{|\}\}|[()]|[^\s(){}]+/g
