/**
 * The helpers that only templates need, because expressions have operators for them: pure functions on plain
 * data. Each gets its arguments unchanged and returns text or a value.
 */
import { countsOf, FunctionError, typeName } from './functions/shared-function.ts'
import { sharedFunctions } from './functions/shared-functions.ts'

export interface TemplateHelper {
  /** The least and the most arguments. */
  readonly arguments: readonly [number, number]
  readonly apply: (...values: readonly unknown[]) => unknown
}

export const templateHelpers: Readonly<Record<string, TemplateHelper>> = {
  default: { arguments: [2, 2], apply: (value, fallback) => value ?? fallback },
  defined: { arguments: [1, 1], apply: (value) => value !== undefined },
  eq: { arguments: [2, 2], apply: (left, right) => left === right },
  ne: { arguments: [2, 2], apply: (left, right) => left !== right },
  and: { arguments: [2, 9], apply: (...values) => values.every(truthy) },
  or: { arguments: [2, 9], apply: (...values) => values.some(truthy) },
  not: { arguments: [1, 1], apply: (value) => !truthy(value) },
  includes: { arguments: [2, 2], apply: (list, value) => listOf(list, 'includes').includes(value) },
  lookup: { arguments: [2, 2], apply: (value, key) => lookup(value, text(key)) },
  add: { arguments: [2, 2], apply: (left, right) => numberOf(left) + numberOf(right) },
  length: { arguments: [1, 1], apply: (value) => lengthOf(value) },
}

/** All helpers, the functions of both languages included. */
export const helperNames: readonly string[] = [...Object.keys(templateHelpers), ...sharedFunctions.keys()]

/** Returns the least and the most arguments of a helper; `undefined` if there is none of that name. */
export function helperCounts(name: string): readonly [number, number] | undefined {
  const definition = sharedFunctions.get(name)
  if (definition !== undefined) return countsOf(definition)
  return Object.hasOwn(templateHelpers, name) ? templateHelpers[name]?.arguments : undefined
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new FunctionError(`needs text, but got ${typeName(value)}`)
}

function listOf(value: unknown, helper: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new FunctionError(`"${helper}" needs a list, but got ${typeName(value)}`)
}

function lookup(value: unknown, key: string): unknown {
  const found =
    typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as Record<string, unknown>)[key]
      : undefined
  if (found === undefined)
    throw new FunctionError(`"lookup" finds no ${JSON.stringify(key)} in ${typeName(value)}`)
  return found
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value
  throw new FunctionError(`"add" needs numbers, but got ${typeName(value)}`)
}

/** As for `#if`: an empty list, empty text, 0 and null are false. */
function truthy(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length
  if (typeof value === 'object' && value !== null) return Object.keys(value).length
  throw new FunctionError(`"length" needs text, a list or a map, but got ${typeName(value)}`)
}
