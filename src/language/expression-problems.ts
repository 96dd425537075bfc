/** Turns CEL's errors into problems with a position and a hint. */
import {
  type Environment,
  EvaluationError,
  ParseError,
  TypeError as CelTypeError,
} from '@marcbachmann/cel-js'
import { InputError, type Position, type Problem } from '../base/errors.ts'
import { UnknownError } from '../base/unknown.ts'
import { sharedName } from './cel-environment.ts'
import {
  countsOf,
  FunctionError,
  parametersFor,
  type SharedFunction,
  usageOf,
  wrongCount,
  wrongKind,
} from './functions/shared-function.ts'
import { sharedFunctions } from './functions/shared-functions.ts'
import { methodAdvice } from './jinja/advice.ts'
import { jinjaExpression } from './jinja/problems.ts'
import { isTooDeep } from './limits.ts'
import { type Locator, problem } from './source.ts'
import { didYouMean } from './suggest.ts'

/**
 * Returns the problem of an expression, at its position in the file; `undefined` if the expression is not at
 * fault.
 */
export function toProblem(
  error: unknown,
  source: string,
  { locator, environment }: { readonly locator: Locator; readonly environment: Environment },
): Problem | undefined {
  if (isTooDeep(error) || (error instanceof ParseError && error.code === 'limit_exceeded'))
    return problem('nested-too-deeply', 'this expression is too long or nested too deeply', {
      where: locator.where,
      hint: 'split it: move parts of it into variables with !cel',
    })
  if (!(error instanceof ParseError || error instanceof CelTypeError || error instanceof EvaluationError)) {
    if (error instanceof InputError || error instanceof UnknownError || !(error instanceof Error))
      return undefined
    // Errors of RE2 about a pattern, and of conversions (`int("x")`).
    return problem('expression-failed', `"${source}" cannot be evaluated: ${error.message}`, {
      where: locator.where,
    })
  }
  const start = Math.min(error.range?.start ?? 0, Math.max(0, source.length - 1))
  const end = Math.max(start + 1, Math.min(error.range?.end ?? source.length, source.length))
  const where = locator.at(start, end - start)
  const { summary, cause } = error
  if (cause instanceof FunctionError)
    return problem('expression-failed', summary, { where, hint: cause.hint })
  if (error instanceof ParseError) {
    const jinja = jinjaExpression(source, locator)
    if (jinja !== undefined) return jinja
    return problem('invalid-expression', `this expression is invalid: ${tokensInWords(summary)}`, {
      where,
      hint: /[^=!<>]=[^=]/.test(source)
        ? 'write == to compare'
        : 'check for a missing or extra bracket, quote or operator',
    })
  }
  const piece = source.slice(start, end)
  switch (error.code) {
    case 'unknown_variable':
      return problem('undefined-variable', `"${piece}" is not defined`, {
        where,
        hint: `set it, or test it with defined(${piece})`,
      })
    case 'no_such_key':
      return missingKey(piece, source.slice(0, start), where)
    case 'index_out_of_bounds':
      return problem('no-such-key', `"${piece}" is out of range: the list is shorter`, {
        where,
        hint: `check the size first, or write default(${piece}, ...)`,
      })
    case 'no_matching_overload':
      return callProblem(summary, where, environment)
    case 'no_such_overload':
      return wrongOperands(error, source, where)
    case 'invalid_logical_operand':
      return problem('wrong-type', lowerFirst(cleanTypes(summary)), {
        where,
        hint: 'both sides of && and || must be true or false: write a comparison',
      })
    default:
      return problem('wrong-type', lowerFirst(cleanTypes(summary)), { where })
  }
}

/** @param before the text before the piece: the path without its last key, if the piece is only a key */
function missingKey(piece: string, before: string, where: Position): Problem {
  const [, container = '', named, , text] = /^(.*)(?:\.(\w+)|\[\s*(["'])([^"']*)\3\s*\])$/s.exec(piece) ?? []
  const key = named ?? text ?? piece
  const owner =
    container === '' ? (/[\w.[\]"'?]+$/.exec(before.replace(/[.?[]+$/, ''))?.[0] ?? '') : container
  const [, host] =
    /^hostvars(?:\.(\w+)|\[\s*["']([^"']*)["']\s*\])$/.exec(owner)?.filter((part) => part !== undefined) ?? []
  if (host !== undefined) {
    return problem('no-such-key', `host "${host}" has no variable "${key}"`, {
      where,
      hint: `set it, or write default(${owner}.${key}, ...)`,
    })
  }
  if (key === 'length' || key === 'size')
    return problem('no-such-key', `"${owner}" has no "${key}"`, { where, hint: `write ${owner}.size()` })
  return problem(
    'no-such-key',
    owner === '' ? `there is no "${key}"` : `there is no "${key}" in "${owner}"`,
    {
      where,
      hint: 'check with has(...) or defined(...) first',
    },
  )
}

/** The types of CEL in plain words. */
function kindInWords(type: string): string {
  const name = type.replace(/^dyn<(.*)>$/, '$1').replace(/<.*/, '')
  return typeWords[name] ?? name
}

const typeWords: Readonly<Record<string, string>> = {
  bool: 'true or false',
  double: 'a number',
  int: 'a number',
  list: 'a list',
  map: 'a map',
  null: 'null',
  string: 'text',
  uint: 'a number',
  Version: 'a version',
}

/** An operator with two values of incompatible types. */
function wrongOperands(error: CelTypeError | EvaluationError, source: string, where: Position): Problem {
  const { node } = error
  const operator = node?.op ?? ''
  const summary = error.summary.replace('no such overload: ', '')
  const split = summary.indexOf(` ${operator} `)
  const operands = node?.args
  if (split === -1 || !Array.isArray(operands)) {
    return problem('wrong-type', `these types cannot be combined: ${cleanTypes(summary)}`, {
      where,
      hint: 'both sides must have the same type',
    })
  }
  const [left, right] = [
    kindInWords(summary.slice(0, split)),
    kindInWords(summary.slice(split + operator.length + 2)),
  ]
  const [first, second] = operands.map((operand) => textOf(operand, source))
  const named = left === right ? '' : `: ${first} is ${left}, ${second} is ${right}`
  if (operator === 'in') {
    return problem('wrong-type', `"in" searches lists and maps, but ${second} is ${right}`, {
      where,
      hint: right === 'text' ? `write ${second}.contains(${first})` : 'write a list or a map after "in"',
    })
  }
  if (/^([=!]=|[<>]=?)$/.test(operator)) {
    return problem('wrong-type', `cannot compare ${left} with ${right}${named}`, {
      where,
      hint: 'compare values of the same type: text with text ("0"), numbers with numbers (0)',
    })
  }
  return problem('wrong-type', `"${operator}" does not work between ${left} and ${right}${named}`, {
    where,
    hint: operator === '+' ? 'convert both to text: string(x)' : 'convert both to numbers: int(x)',
  })
}

function textOf(node: unknown, source: string): string {
  if (typeof node !== 'object' || node === null || !('range' in node)) return 'it'
  const { range } = node
  return isRange(range) ? source.slice(range.start, range.end) : 'it'
}

function isRange(value: unknown): value is { readonly start: number; readonly end: number } {
  return typeof value === 'object' && value !== null && 'start' in value && 'end' in value
}

function callProblem(summary: string, where: ReturnType<Locator['at']>, environment: Environment): Problem {
  const [, receiver, named = '', given = ''] = /'(?:([^'(]*)\.)?(\w+)\((.*)\)'/s.exec(summary) ?? []
  const call = sharedName(named)
  const definition = sharedFunctions.get(call)
  if (definition !== undefined) {
    const types = [...(receiver === undefined ? [] : [receiver]), ...typesIn(given)]
    return sharedProblem({ name: call, definition }, types.map(kindInWords), where)
  }
  const functions = new Set(
    environment
      .getDefinitions()
      .functions.map((declared) => sharedName(declared.name))
      .filter((name) => /^[a-z_]\w*$/i.test(name)),
  )
  if (functions.has(call)) {
    return problem('wrong-type', `"${call}" cannot be called with these types: ${cleanTypes(summary)}`, {
      where,
    })
  }
  return problem('unknown-function', `there is no function "${call}"`, {
    where,
    hint: methodAdvice(call) ?? didYouMean(call, functions, 'docs/reference.md lists the functions'),
  })
}

/** A call of one of our functions with the wrong values; `found` are their types in words. */
function sharedProblem(
  { name, definition }: { readonly name: string; readonly definition: SharedFunction },
  found: readonly string[],
  where: Position,
): Problem {
  const hint = `write ${usageOf(name, definition, false)}`
  const counts = countsOf(definition)
  if (found.length < counts[0] || found.length > counts[1])
    return problem('wrong-arguments', wrongCount(name, counts), { where, hint })
  const kinds = parametersFor(definition, found.length).map(({ kind }) => kind)
  const index = kinds.findIndex(
    (kind, at) => (kind === 'list' || kind === 'map') && !['dyn', `a ${kind}`].includes(found[at] ?? ''),
  )
  const call = { name, index, kind: kinds[index] ?? 'any' }
  return problem('wrong-type', wrongKind(call, found[index] ?? 'nothing'), { where, hint })
}

/** Splits `list<int>, map<string, dyn>`. */
function typesIn(list: string): readonly string[] {
  const types: string[] = []
  let depth = 0
  for (const part of list.split(/(, |<|>)/).filter((piece) => piece !== '')) {
    if (part === '<') depth += 1
    if (part === '>') depth -= 1
    if (part === ', ' && depth === 0) types.push('')
    else types.push((types.pop() ?? '') + part)
  }
  return types
}

function cleanTypes(text: string): string {
  return text.replaceAll(/dyn<(\w+)>/g, '$1').replaceAll(/\bstring\b/g, 'text')
}

/** The parser's token names, in plain words. */
const tokens: Readonly<Record<string, string>> = {
  EOF: 'the end',
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
    .replace(/, got /, ', but found ')
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1)
}
