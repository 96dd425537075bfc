/** Turns the YAML parser's errors into problems with a position and a hint. */
import { type Document, visit, type YAMLParseError } from 'yaml'
import type { Problem } from '../base/errors.ts'
import { problem, type SourceFile } from './source.ts'
import { tagsInWords } from './yaml-tags.ts'

/** The hint for a template that must be quoted. */
export function quoteIt(text: string): string {
  const template = /\{\{.*\}\}/s.exec(text)?.[0]
  return template === undefined ? 'put quotes around it' : `quote it: "${template.replaceAll('"', "'")}"`
}

/** `name: {{ x }} and more` is a syntax error; reports the missing quotes instead. */
export function unquotedTemplate(source: SourceFile, error: YAMLParseError | undefined): Problem | undefined {
  if (error === undefined) return undefined
  for (const offset of error.pos) {
    const where = source.position(offset)
    for (const line of [where.line, where.line - 1]) {
      const text = source.lineText(line)
      const match = /^(\s*(?:- )*(?:[\w.-]+:\s+|- ))(\{\{.*)$/.exec(text)
      const lead = match?.[1]
      const value = match?.[2]
      if (lead === undefined || value === undefined) continue
      return problem('unquoted-template', 'a value that starts with "{{" must be quoted', {
        where: source.position(source.lineStart(line) + lead.length, value.length),
        hint: `quote it: "${value.trimEnd().replaceAll('"', "'")}"`,
      })
    }
  }
  return undefined
}

/** An unclosed quote swallows the rest of the file; the problem is reported where it was opened. */
export function unclosedQuote(source: SourceFile, document: Document.Parsed): Problem | undefined {
  const [error] = document.errors
  if (error?.code !== 'MISSING_CHAR' || !error.message.endsWith('quote')) return undefined
  let opened: number | undefined
  visit(document, {
    Scalar(_key, { type, range }) {
      if (type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE') opened = range?.[0]
    },
  })
  if (opened === undefined) return undefined
  return problem('invalid-yaml', 'this quote is never closed', {
    where: source.position(opened),
    hint: `close it with ${source.text[opened] ?? 'another'}`,
  })
}

/** Returns the problem for a parser error. */
export function yamlSyntaxProblem(source: SourceFile, error: YAMLParseError): Problem {
  const [start, end] = error.pos
  const where = source.position(start, Math.max(1, end - start))
  const [message, hint] = wording(error)
  return problem(error.code === 'DUPLICATE_KEY' ? 'duplicate-key' : 'invalid-yaml', message, { where, hint })
}

function wording(error: YAMLParseError): [message: string, hint?: string] {
  switch (error.code) {
    case 'DUPLICATE_KEY':
      return ['this key appears twice in one map', 'remove one of them']
    case 'TAB_AS_INDENT':
      return ['a tab is used for indentation', 'indent with spaces']
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return ['YAML reads the ": " inside this value as a second key', 'put quotes around the value']
    case 'MULTIPLE_DOCS':
      return ['this file contains more than one YAML document', 'keep one; remove the "---" between them']
    case 'MISSING_CHAR':
      return [`this is not valid YAML: ${error.message}`, 'look for an unclosed quote or bracket']
    default:
      return [
        `this is not valid YAML: ${error.message}`,
        'check the quotes, brackets and indentation of this line and the one before it',
      ]
  }
}

/** Returns the problem for an unknown tag. */
export function tagProblem(source: SourceFile, warning: { message: string; pos: [number, number] }): Problem {
  const [start, end] = warning.pos
  const where = source.position(start, end - start)
  const tag = source.text.slice(start, end).split(/\s/)[0] ?? ''
  const hint = /^!(\(|[a-z_]\w*[.(]|[a-z_]\w*$)/i.test(tag)
    ? `put quotes around an expression that starts with "!"; ${tagsInWords}`
    : tagsInWords
  return problem('unknown-tag', `unknown tag "${tag}"`, { where, hint })
}
