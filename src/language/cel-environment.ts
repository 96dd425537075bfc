/**
 * The CEL dialect of playbooks: the library's, plus versions, mixed numbers, `defined`, and the functions that
 * templates have, too.
 */
import { type ASTNode, Environment, EvaluationError } from '@marcbachmann/cel-js'
import { UnknownError } from '../base/unknown.ts'
import { Version } from '../base/version.ts'
import { fromCel } from './cel-values.ts'
import { type Evaluation, readable } from './evaluation.ts'
import { type Called, callFunction, messageOf } from './functions/call-function.ts'
import { countsOf, FunctionError, parametersFor, type ParameterKind } from './functions/shared-function.ts'
import { sharedFunctions } from './functions/shared-functions.ts'
import { deepest } from './limits.ts'
import { Omit } from './omit.ts'
import { walk } from './reads.ts'

export interface CelOptions {
  /** Allows every name of a variable. */
  readonly anyVariable: boolean
  /** Returns the evaluation in progress. Without it, expressions can only be checked. */
  readonly reading?: () => Evaluation | undefined
}

/** Creates an environment with our functions and no variables. */
export function celEnvironment(options: CelOptions): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: options.anyVariable,
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: { maxDepth: deepest },
  })
  environment.registerType('Omit', { ctor: Omit, fields: {} })
  addVersions(environment)
  addMixedNumbers(environment)
  addShared(environment, options.reading ?? (() => undefined))
  addPresence(environment)
  return environment
}

function addVersions(environment: Environment): void {
  environment.registerType('Version', { ctor: Version, fields: { text: 'string' } })
  environment.registerFunction('version(string): Version', (text: string) => new Version(text))
  const compare = (operator: string, holds: (order: number) => boolean) =>
    environment.registerOperator(`Version ${operator} Version`, (left: Version, right: Version) =>
      holds(left.compare(right)),
    )
  compare('==', (order) => order === 0)
  compare('<', (order) => order < 0)
  compare('<=', (order) => order <= 0)
  compare('>', (order) => order > 0)
  compare('>=', (order) => order >= 0)
}

/** JSON has one kind of number; `port + 1` and `load * 2` should both work. */
function addMixedNumbers(environment: Environment): void {
  const operators: Record<string, (left: number, right: number) => number> = {
    '+': (left, right) => left + right,
    '-': (left, right) => left - right,
    '*': (left, right) => left * right,
    '/': (left, right) => left / right,
  }
  for (const [operator, apply] of Object.entries(operators)) {
    const handler = (left: number | bigint, right: number | bigint) => apply(Number(left), Number(right))
    environment.registerOperator(`int ${operator} double`, handler)
    environment.registerOperator(`double ${operator} int`, handler)
  }
}

/** The name under which the environment knows a function as a method: the library has some names already. */
const methodPrefix = 'shared_'

/** Returns the function that an error of the library names. */
export function sharedName(name: string): string {
  return name.startsWith(methodPrefix) ? name.slice(methodPrefix.length) : name
}

/** Makes `x.sort()` call our function, also where the library has a method of that name. */
export function useSharedMethods(ast: ASTNode): void {
  walk(ast, (node) => {
    if (node.op === 'rcall' && sharedFunctions.has(node.args[0])) node.args[0] = methodPrefix + node.args[0]
  })
}

/** Text is `dyn` because the functions convert numbers and booleans to text. */
const celTypes: Readonly<Record<ParameterKind | 'boolean', string>> = {
  any: 'dyn',
  text: 'dyn',
  number: 'dyn',
  list: 'list',
  map: 'map',
  boolean: 'bool',
}

/** Registers each function as `name(x, y)` and as `x.name(y)`. */
function addShared(environment: Environment, reading: () => Evaluation | undefined): void {
  for (const [name, definition] of sharedFunctions) {
    const result = definition.returns === 'text' ? 'string' : celTypes[definition.returns]
    const [least, most] = countsOf(definition)
    for (let count = least; count <= most; count++) {
      const types = parametersFor(definition, count).map(({ kind }) => celTypes[kind])
      const [receiver, ...rest] = types
      // The library keeps a wrapper with each handler, so the two forms need two.
      const handler =
        () =>
        (...given: readonly unknown[]) =>
          call({ name, definition, plain: fromCel }, given, reading())
      environment.registerFunction(`${name}(${types.join(', ')}): ${result}`, handler())
      environment.registerFunction(
        `${receiver}.${methodPrefix}${name}(${rest.join(', ')}): ${result}`,
        handler(),
      )
    }
  }
}

function call(called: Called, given: readonly unknown[], reading: Evaluation | undefined): unknown {
  if (reading === undefined) throw new Error('a function was called without an evaluation')
  try {
    return readable(callFunction(called, given, reading), reading, 'cel')
  } catch (error) {
    if (!(error instanceof FunctionError)) throw error
    throw new EvaluationError(messageOf(error, reading), undefined, error)
  }
}

interface Checker {
  check(node: ASTNode, context: unknown): unknown
  getType(name: string): unknown
}
interface Runner {
  run(node: ASTNode, context: unknown): unknown
}

/** `defined(x)` and `default(x, y)` give false and `y` if `x`, or a part of its path, does not exist. */
function addPresence(environment: Environment): void {
  const macro =
    (evaluate: (nodes: readonly ASTNode[], runner: Runner, context: unknown) => unknown, type?: string) =>
    ({ args }: { args: readonly ASTNode[] }) => ({
      args,
      async: false,
      typeCheck(checker: Checker, _macro: unknown, context: unknown) {
        const types = args.map((node) => checker.check(node, context))
        return type === undefined
          ? types.length > 1
            ? checker.getType('dyn')
            : types[0]
          : checker.getType(type)
      },
      evaluate(runner: Runner, _macro: unknown, context: unknown) {
        return evaluate(args, runner, context)
      },
    })
  environment.registerFunction(
    'defined(ast): bool',
    macro(([node], runner, context) => attempt(node, runner, context).present, 'bool'),
  )
  environment.registerFunction(
    'default(ast, ast): dyn',
    macro(([node, fallback], runner, context) => {
      const found = attempt(node, runner, context)
      if (found.present || fallback === undefined) return found.value
      return runner.run(fallback, context)
    }),
  )
}

const absent = new Set(['unknown_variable', 'no_such_key', 'index_out_of_bounds'])

function attempt(
  node: ASTNode | undefined,
  runner: Runner,
  context: unknown,
): { readonly present: boolean; readonly value?: unknown } {
  if (node === undefined) return { present: false }
  try {
    return { present: true, value: runner.run(node, context) }
  } catch (error) {
    if (error instanceof UnknownError) throw error
    if (error instanceof Error && 'code' in error && absent.has(String(error.code))) return { present: false }
    throw error
  }
}
