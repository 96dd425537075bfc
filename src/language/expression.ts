/**
 * Conditions and `!cel` values: CEL behind our own interface.
 *
 * Evaluation is three-valued. A result that depends on an `Unknown` is `Unknown`, unless logic decides it:
 * `false && unknown` is false, `true || unknown` is true.
 */
import { type ASTNode, type Environment, Optional } from '@marcbachmann/cel-js'
import { InputError, type Problem } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { Unknown, UnknownError } from '../base/unknown.ts'
import { celEnvironment } from './cel-environment.ts'
import { toProblem } from './expression-problems.ts'
import { misreadExpression } from './jinja/problems.ts'
import type { Expression } from './model.ts'
import { withDerivedSecrets } from './derived-secrets.ts'
import { Omit } from './omit.ts'
import { comparisonsOf, optionalNames, readsOf, walk } from './reads.ts'
import { type Locator, problem } from './source.ts'
import { Version } from '../base/version.ts'
import { contextOf, newEvaluation, type Evaluation, type Scope } from './evaluation.ts'

/** Parses expressions. One per playbook; its only state is the set of functions. */
export class ExpressionParser {
  readonly #environment: Environment = celEnvironment({ anyVariable: true })

  /** Parses one expression. Adds a mistake to `problems` and then returns `undefined`. */
  parse(source: string, locator: Locator, problems: Problem[]): Expression | undefined {
    const misread = misreadExpression(source, locator)
    if (misread !== undefined) {
      problems.push(misread)
      return undefined
    }
    const tools = { locator, environment: this.#environment }
    try {
      const program = this.#environment.parse(source)
      walk(program.ast, useLinearMatches)
      const reads = readsOf(program.ast)
      const optional = optionalNames(program.ast)
      const comparisons = comparisonsOf(program.ast)
      const checked = program.check()
      if (!checked.valid && checked.error !== undefined) throw checked.error
      const located = (error: unknown) => toProblem(error, source, tools)
      return {
        kind: 'expression',
        source,
        where: locator.where,
        reads,
        optional,
        comparisons,
        at: (offset, length) => locator.at(offset, length),
        run: (context) => {
          try {
            return program(context)
          } catch (error) {
            const found = located(error)
            throw found === undefined ? error : new InputError([found])
          }
        },
      }
    } catch (error) {
      const found = toProblem(error, source, tools)
      if (found === undefined) throw error
      problems.push(found)
      return undefined
    }
  }
}

/**
 * Evaluates an expression to plain data.
 * @throws InputError if it cannot be evaluated: a missing key, values of incompatible types
 */
export function evaluate(expression: Expression, scope: Scope): unknown {
  const reading = newEvaluation()
  const names = new Set(expression.reads.map((path) => path[0] ?? ''))
  let result: unknown
  try {
    result = fromCel(expression.run(contextOf(scope, names, reading, 'cel')), reading)
  } catch (error) {
    if (reading.mistake !== undefined) throw reading.mistake
    // Unknown takes precedence over an error: the other side of an `&&` might have decided the result.
    if (reading.unknown !== undefined) return reading.unknown
    throw error
  }
  if (reading.mistake !== undefined) throw reading.mistake
  return reading.secrets.size > 0 ? withDerivedSecrets(result, reading.secrets, expression.source) : result
}

/**
 * Evaluates conditions, combined with "and".
 * @throws InputError if a result is not a boolean
 */
export function evaluateCondition(conditions: readonly Expression[], scope: Scope): boolean | Unknown {
  let unknown: Unknown | undefined
  for (const condition of conditions) {
    const value = evaluate(condition, scope)
    if (value === false) return false
    if (value instanceof Unknown) unknown ??= value
    else if (value !== true) throw new InputError([notBoolean(condition, value)])
  }
  return unknown ?? true
}

export type ValueKind = 'text' | 'a number' | 'a list' | 'a map' | 'null'

/** The problem of a condition with a result of this kind; `shown` describes the value. */
export function notCondition(condition: Expression, kind: ValueKind, shown: string = kind): Problem {
  const { source, where } = condition
  return problem('not-a-condition', `a condition must be true or false, but "${source}" is ${shown}`, {
    where,
    hint: comparison(source, kind),
  })
}

function comparison(source: string, kind: ValueKind): string {
  switch (kind) {
    case 'text':
      return `compare it: ${source} != ""`
    case 'a number':
      return `compare it: ${source} > 0`
    case 'a list':
      return `compare its size: ${source}.size() > 0`
    case 'a map':
    case 'null':
      return 'compare it with a value, or use defined(...)'
  }
}

function notBoolean(condition: Expression, value: unknown): Problem {
  const found = notCondition(
    condition,
    kindOfValue(value),
    value instanceof Secret ? 'text' : describe(value),
  )
  const truth = typeof value === 'string' ? truthWords[value.toLowerCase()] : undefined
  if (truth === undefined) return found
  return {
    ...found,
    hint: `where ${truth} is set, write ${condition.source} without quotes (in YAML 1.2 only true and false are booleans), or compare it: ${condition.source} == ${JSON.stringify(value)}`,
  }
}

/** Texts that users mean as true and false. */
const truthWords: Readonly<Record<string, boolean>> = {
  yes: true,
  y: true,
  on: true,
  true: true,
  no: false,
  n: false,
  off: false,
  false: false,
}

function kindOfValue(value: unknown): ValueKind {
  if (typeof value === 'string' || value instanceof Secret) return 'text'
  if (typeof value === 'number') return 'a number'
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : 'a map'
}

function describe(value: unknown): string {
  if (typeof value === 'string') return `the text ${JSON.stringify(value.slice(0, 40))}`
  if (typeof value === 'number') return `the number ${value}`
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : 'a map'
}

/**
 * Converts CEL's values to plain data; unknown parts of a list or map stay `Unknown`, so the rest can be
 * used.
 */
function fromCel(value: unknown, reading: Evaluation): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Omit) return value
  if (value instanceof Version) return value.text
  if (value instanceof Optional) return value.hasValue() ? fromCel(value.value(), reading) : null
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    return Array.from({ length: value.length }, (_, index) =>
      partFromCel(() => (value as readonly unknown[])[index], reading),
    )
  }
  if (value instanceof Date) return value.toISOString()
  const prototype: unknown = Object.getPrototypeOf(value)
  if (value instanceof Map || prototype === null || prototype === Object.prototype) {
    const map = value instanceof Map ? (Object.fromEntries(value) as object) : value
    return Object.fromEntries(
      Object.keys(map).map((key) => [key, partFromCel(() => (map as Record<string, unknown>)[key], reading)]),
    )
  }
  // Durations, unsigned integers and CEL's types convert to text.
  const { toString } = value as { readonly toString: () => string }
  const text = toString.call(value)
  return /^\d+$/.test(text) ? Number(text) : text
}

function partFromCel(part: () => unknown, reading: Evaluation): unknown {
  try {
    return fromCel(part(), reading)
  } catch (error) {
    if (error instanceof UnknownError) return error.unknown
    throw error
  }
}

/** The library's `matches` uses JavaScript's engine and may hang; ours uses RE2 under another name. */
function useLinearMatches(node: ASTNode): void {
  if (node.op === 'rcall' && node.args[0] === 'matches') node.args[0] = 're2'
}
