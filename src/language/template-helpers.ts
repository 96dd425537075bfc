/**
 * The template helpers: pure functions on plain data. Each gets its arguments unchanged and returns text or a
 * value.
 */
import { posix } from 'node:path'
import { stringify } from 'yaml'
import { quote } from '../base/shell.ts'

export interface TemplateHelper {
  /** The least and the most arguments. */
  readonly arguments: readonly [number, number]
  readonly apply: (...values: readonly unknown[]) => unknown
}

/** A template helper got an unsupported value. */
export class HelperError extends Error {}

export const templateHelpers: Readonly<Record<string, TemplateHelper>> = {
  json: {
    arguments: [1, 2],
    apply: (value, indent) => JSON.stringify(value, undefined, numberOr(indent, 0)),
  },
  yaml: { arguments: [1, 1], apply: (value) => stringify(value).trimEnd() },
  join: {
    arguments: [1, 2],
    apply: (list, separator) => listOf(list, 'join').map(text).join(textOr(separator, ', ')),
  },
  default: { arguments: [2, 2], apply: (value, fallback) => value ?? fallback },
  defined: { arguments: [1, 1], apply: (value) => value !== undefined },
  eq: { arguments: [2, 2], apply: (left, right) => left === right },
  ne: { arguments: [2, 2], apply: (left, right) => left !== right },
  and: { arguments: [2, 9], apply: (...values) => values.every(truthy) },
  or: { arguments: [2, 9], apply: (...values) => values.some(truthy) },
  not: { arguments: [1, 1], apply: (value) => !truthy(value) },
  includes: { arguments: [2, 2], apply: (list, value) => listOf(list, 'includes').includes(value) },
  lookup: { arguments: [2, 2], apply: (value, key) => lookup(value, text(key)) },
  quote: { arguments: [1, 1], apply: (value) => quote(text(value)) },
  indent: { arguments: [2, 2], apply: (value, width) => indent(text(value), numberOr(width, 0)) },
  lower: { arguments: [1, 1], apply: (value) => text(value).toLowerCase() },
  upper: { arguments: [1, 1], apply: (value) => text(value).toUpperCase() },
  trim: { arguments: [1, 1], apply: (value) => text(value).trim() },
  replace: { arguments: [3, 3], apply: (value, from, to) => text(value).replaceAll(text(from), text(to)) },
  basename: { arguments: [1, 1], apply: (value) => posix.basename(text(value)) },
  dirname: { arguments: [1, 1], apply: (value) => posix.dirname(text(value)) },
  add: { arguments: [2, 2], apply: (left, right) => numberOf(left) + numberOf(right) },
  length: { arguments: [1, 1], apply: (value) => lengthOf(value) },
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw new HelperError(`needs text, but got ${typeName(value)}`)
}

function listOf(value: unknown, helper: string): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw new HelperError(`"${helper}" needs a list, but got ${typeName(value)}`)
}

function lookup(value: unknown, key: string): unknown {
  const found =
    typeof value === 'object' && value !== null && Object.hasOwn(value, key)
      ? (value as Record<string, unknown>)[key]
      : undefined
  if (found === undefined)
    throw new HelperError(`"lookup" finds no ${JSON.stringify(key)} in ${typeName(value)}`)
  return found
}

function numberOf(value: unknown): number {
  if (typeof value === 'number') return value
  throw new HelperError(`"add" needs numbers, but got ${typeName(value)}`)
}

function textOr(value: unknown, fallback: string): string {
  return value === undefined ? fallback : text(value)
}

function numberOr(value: unknown, fallback: number): number {
  return typeof value === 'number' ? value : fallback
}

/** As for `#if`: an empty list, empty text, 0 and null are false. */
function truthy(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : Boolean(value)
}

function lengthOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length
  if (typeof value === 'object' && value !== null) return Object.keys(value).length
  throw new HelperError(`"length" needs text, a list or a map, but got ${typeName(value)}`)
}

/**
 * Indents every line except the first and empty ones: `{{indent text 4}}` is placed where the first line
 * starts.
 */
function indent(value: string, width: number): string {
  return value
    .split('\n')
    .map((line, index) => (index === 0 || line === '' ? line : ' '.repeat(width) + line))
    .join('\n')
}

/** Names the type of a value. */
export function typeName(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  return typeof value === 'string' ? 'text' : `a ${typeof value}`
}
