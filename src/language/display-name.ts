/** Names of plays and tasks as people read them. */
import { InputError } from '../base/errors.ts'
import type { Value } from './model.ts'
import { renderValue } from './render.ts'
import type { Scope } from './evaluation.ts'

/**
 * Renders the name. Returns it as written if a value is missing, unknown or secret: a name never fails a
 * task.
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
