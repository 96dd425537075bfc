/**
 * Conditions and `!cel` values: CEL behind our own interface.
 *
 * Evaluation is three-valued. A result that depends on an `Unknown` is `Unknown`, unless logic decides it:
 * `false && unknown` is false, `true || unknown` is true.
 */
import type { Environment } from '@marcbachmann/cel-js'
import { InputError, type Problem } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { Unknown } from '../base/unknown.ts'
import { celEnvironment, useSharedMethods } from './cel-environment.ts'
import { fromCel } from './cel-values.ts'
import { toProblem } from './expression-problems.ts'
import { misreadExpression } from './jinja/problems.ts'
import type { Expression } from './model.ts'
import { withDerivedSecrets } from './derived-secrets.ts'
import { comparisonsOf, optionalNames, readsOf } from './reads.ts'
import { type Locator, problem } from './source.ts'
import { contextOf, newEvaluation, type Evaluation, type Scope } from './evaluation.ts'

/** Parses expressions. One per playbook; its only state is the set of functions. */
export class ExpressionParser {
  /** The evaluations in progress: reading a variable may evaluate another expression. */
  readonly #running: Evaluation[] = []
  readonly #environment: Environment = celEnvironment({
    anyVariable: true,
    reading: () => this.#running.at(-1),
  })

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
      useSharedMethods(program.ast)
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
        run: (context, reading) => {
          this.#running.push(reading)
          try {
            return program(context)
          } catch (error) {
            const found = located(error)
            throw found === undefined ? error : new InputError([found])
          } finally {
            this.#running.pop()
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
  const reading = newEvaluation(scope)
  const names = new Set(expression.reads.map((path) => path[0] ?? ''))
  let result: unknown
  try {
    result = fromCel(expression.run(contextOf(scope, names, reading, 'cel'), reading))
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
