/** Values of CEL as plain data. */
import { Optional } from '@marcbachmann/cel-js'
import { UnknownError } from '../base/unknown.ts'
import { Version } from '../base/version.ts'
import { Omit } from './omit.ts'

/**
 * Converts CEL's values to plain data; unknown parts of a list or map stay `Unknown`, so the rest can be
 * used.
 */
export function fromCel(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Omit) return value
  if (value instanceof Version) return value.text
  if (value instanceof Optional) return value.hasValue() ? fromCel(value.value()) : null
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) {
    return Array.from({ length: value.length }, (_, index) =>
      partFromCel(() => (value as readonly unknown[])[index]),
    )
  }
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return Buffer.from(value).toString('utf8')
  const prototype: unknown = Object.getPrototypeOf(value)
  if (value instanceof Map || prototype === null || prototype === Object.prototype) {
    const map = value instanceof Map ? (Object.fromEntries(value) as object) : value
    return Object.fromEntries(
      Object.keys(map).map((key) => [key, partFromCel(() => (map as Record<string, unknown>)[key])]),
    )
  }
  // Durations, unsigned integers and CEL's types convert to text.
  const { toString } = value as { readonly toString: () => string }
  const text = toString.call(value)
  return /^\d+$/.test(text) ? Number(text) : text
}

function partFromCel(part: () => unknown): unknown {
  try {
    return fromCel(part())
  } catch (error) {
    if (error instanceof UnknownError) return error.unknown
    throw error
  }
}
