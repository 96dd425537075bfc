/** CEL's complaints about an expression, in words, with their place and what to write instead. */
import {
  type Environment,
  EvaluationError,
  ParseError,
  TypeError as CelTypeError,
} from '@marcbachmann/cel-js'
import { InputError, type Problem } from '../base/errors.ts'
import { UnknownError } from '../base/unknown.ts'
import { type Locator, problem } from './source.ts'
import { didYouMean } from './suggest.ts'

/** What is wrong with an expression, at its place in the file; `undefined` for what is not the expression's fault. */
export function toProblem(
  error: unknown,
  source: string,
  { locator, environment }: { readonly locator: Locator; readonly environment: Environment },
): Problem | undefined {
  const jinja = jinjaHint(source)
  if (!(error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError)) {
    if (error instanceof InputError || error instanceof UnknownError || !(error instanceof Error))
      return undefined
    // RE2's own complaint about a pattern, and the conversions' (`int("x")`).
    return problem('expression-failed', `"${source}" cannot be evaluated: ${error.message}`, {
      where: locator.where,
    })
  }
  const start = Math.min(error.range?.start ?? 0, Math.max(0, source.length - 1))
  const end = Math.max(start + 1, Math.min(error.range?.end ?? source.length, source.length))
  const where = locator.at(start, end - start)
  const { summary } = error
  if (error instanceof ParseError) {
    return problem('invalid-expression', `this expression cannot be read: ${tokensInWords(summary)}`, {
      where,
      hint: jinja ?? 'look for a bracket, a quote or an operator that is missing or left over',
    })
  }
  const piece = source.slice(start, end)
  switch (error.code) {
    case 'unknown_variable':
      return problem('undefined-variable', `"${piece}" is not defined`, {
        where,
        hint: `give it a value, or ask with defined(${piece})`,
      })
    case 'no_such_key':
      return problem(
        'no-such-key',
        `there is no "${piece}" in "${
          source
            .slice(0, start)
            .replace(/[.?[]+$/, '')
            .split(/[\s(!]/)
            .at(-1) ?? ''
        }"`,
        {
          where,
          hint: 'ask with has(...) or defined(...) first',
        },
      )
    case 'no_matching_overload':
      return callProblem(summary, where, environment)
    case 'no_such_overload':
      return problem(
        'wrong-type',
        `these do not go together: ${cleanTypes(summary.replace('no such overload: ', ''))}`,
        {
          where,
          hint: 'compare values of one kind: text with text ("0"), numbers with numbers (0)',
        },
      )
    case 'invalid_logical_operand':
      return problem('wrong-type', lowerFirst(cleanTypes(summary)), {
        where,
        hint: 'both sides of && and || must be true or false: write a comparison',
      })
    default:
      return problem('wrong-type', lowerFirst(cleanTypes(summary)), { where, hint: jinja })
  }
}

function callProblem(summary: string, where: ReturnType<Locator['at']>, environment: Environment): Problem {
  const call = /'(?:[^'(]*\.)?(\w+)\(/.exec(summary)?.[1] ?? ''
  const functions = new Set(
    environment
      .getDefinitions()
      .functions.map((definition) => definition.name)
      .filter((name) => /^[a-z_]\w*$/i.test(name) && name !== 're2'),
  )
  if (functions.has(call)) {
    return problem('wrong-type', `"${call}" cannot be called like this: ${cleanTypes(summary)}`, { where })
  }
  return problem('unknown-function', `there is no function "${call}"`, {
    where,
    hint: didYouMean(call, functions),
  })
}

function cleanTypes(text: string): string {
  return text
    .replaceAll(/dyn<(\w+)>/g, '$1')
    .replaceAll(/\bre2\(/g, 'matches(')
    .replaceAll(/\bstring\b/g, 'text')
}

/** The parser's names for what stands in the text. */
const tokens: Readonly<Record<string, string>> = {
  EOF: 'its end',
  RPAREN: '")"',
  LPAREN: '"("',
  RBRACKET: '"]"',
  LBRACKET: '"["',
  RBRACE: '"}"',
  LBRACE: '"{"',
  COLON: '":"',
  COMMA: '","',
  DOT: '"."',
  IDENTIFIER: 'a name',
  STRING: 'text',
  NUMBER: 'a number',
}

function tokensInWords(summary: string): string {
  return lowerFirst(summary)
    .replaceAll(/\b[A-Z]{2,}\b/g, (token) => tokens[token] ?? token)
    .replace(/, got /, ', and found ')
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}

/** What people who come from Jinja write, and what it is here. */
function jinjaHint(source: string): string | undefined {
  const outside = source.replaceAll(/"[^"]*"|'[^']*'/g, '""')
  if (/\bis\s+not\s+defined\b/.test(outside)) return 'write !defined(x)'
  if (/\bis\s+defined\b/.test(outside)) return 'write defined(x)'
  if (/\bnot\s+in\b/.test(outside)) return 'write !(x in list)'
  if (/(^|\s|\()not\s/.test(outside)) return 'write ! for "not"'
  if (/\sand\s/.test(outside)) return 'write && for "and"'
  if (/\sor\s/.test(outside)) return 'write || for "or"'
  if (/[^|]\|[^|]/.test(outside))
    return 'there are no filters: use functions, such as default(x, y) or x.size()'
  if (/\b(True|False|None)\b/.test(outside)) return 'write true, false and null'
  if (/[^=!<>]=[^=]/.test(outside)) return 'write == to compare'
  return undefined
}
