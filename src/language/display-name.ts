/** Names of plays and tasks as people read them. */
import { InputError } from '../base/errors.ts'
import type { Value } from './model.ts'
import { renderValue } from './render.ts'
import type { Scope } from './evaluation.ts'

/**
 * The name, rendered; as it was written where the scope cannot tell it: a value that is not there yet, unknown, or secret. A
 * name never fails a task.
 */
export function displayName(title: Value, written: string, scope: Scope): string {
  try {
    const name = renderValue(title, scope)
    return typeof name === 'string' || typeof name === 'number' ? String(name) : written
  } catch (error) {
    if (error instanceof InputError) return written
    throw error
  }
}
