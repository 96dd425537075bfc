import assert from 'node:assert/strict'
import { isUnknown } from '../../base/unknown.ts'

/** Asserts that a value matches the pattern at any depth; lists must have the same length. */
export function assertHas(actual: unknown, pattern: unknown): void {
  assert.deepEqual(only(actual, pattern), pattern)
}

function only(actual: unknown, pattern: unknown): unknown {
  if (Array.isArray(actual) && Array.isArray(pattern))
    return actual.map((item, index) => (index < pattern.length ? only(item, pattern[index]) : item))
  if (!isRecord(actual) || !isRecord(pattern)) return actual
  return Object.fromEntries(
    Object.keys(pattern)
      .filter((key) => key in actual)
      .map((key) => [key, only(actual[key], pattern[key])]),
  )
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isUnknown(value)
}
