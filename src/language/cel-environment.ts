/**
 * The CEL dialect of playbooks: the library's, plus versions, mixed numbers, `defined`, and a `matches` that
 * cannot hang.
 */
import { type ASTNode, Environment } from '@marcbachmann/cel-js'
import { loadRe2 } from '../base/built.ts'
import { UnknownError } from '../base/unknown.ts'
import { Version } from '../base/version.ts'
import { deepest } from './limits.ts'
import { Omit } from './omit.ts'

/** Creates an environment with our functions and no variables; `anyVariable` allows every name. */
export function celEnvironment(options: { readonly anyVariable: boolean }): Environment {
  const environment = new Environment({
    unlistedVariablesAreDyn: options.anyVariable,
    enableOptionalTypes: true,
    homogeneousAggregateLiterals: false,
    limits: { maxDepth: deepest },
  })
  environment.registerType('Omit', { ctor: Omit, fields: {} })
  addVersions(environment)
  addMixedNumbers(environment)
  addText(environment)
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

function addText(environment: Environment): void {
  environment.registerFunction('string.lower(): string', (text: string) => text.toLowerCase())
  environment.registerFunction('string.upper(): string', (text: string) => text.toUpperCase())
  environment.registerFunction('string.re2(string): bool', matches)
  environment.registerFunction('matches(string, string): bool', matches)
}

/**
 * RE2 takes time linear in the text, so no pattern can hang a run. Matches anywhere in the text, as CEL
 * specifies.
 */
function matches(text: string, pattern: string): boolean {
  return loadRe2().compile(pattern).matcher(text).find()
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
