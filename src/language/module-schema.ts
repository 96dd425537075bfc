import type { JSONSchema } from 'json-schema-to-ts'

/** A JSON Schema of an object. Describes a module's arguments, its result and a role's arguments. */
export type ObjectSchema = JSONSchema & object

/**
 * The part of a module that the language needs. Modules satisfy it structurally; the language never imports
 * one.
 *
 * `args` and `result` are JSON Schemas (2020-12) of type object. `result` describes the module's own fields
 * of a registered result; the engine's (`changed`, `failed`, `skipped`, ...) are added here, see
 * `registered.ts`.
 */
export interface ModuleSchema {
  readonly name: string
  readonly summary: string
  readonly args: ObjectSchema
  readonly result: ObjectSchema
  /** The argument that a plain string sets: `command: echo hi`. */
  readonly freeForm?: string
  /** Arguments that are one condition or a list: parsed as expressions, rendered to a list of booleans. */
  readonly expressions?: readonly string[]
  /** Arguments whose text is an expression, without a tag: `var: result`. */
  readonly evaluated?: readonly string[]
  /** Its arguments become variables of the host (`set_fact`). */
  readonly setsFacts?: boolean
  /** It reads variables of the host from files (`include_vars`). */
  readonly includesVariables?: boolean
  /** Set if it runs programs that a playbook names (`command`, `shell`). */
  readonly runs?: string | undefined
  /** Arguments that name a file on the controller, with the role's folder to search. */
  readonly files?: Readonly<Record<string, 'files' | 'templates'>>
}

/** `ansible.builtin.copy` is `copy`. */
export function shortModuleName(key: string): string {
  return /^[a-z]\w*\.[a-z]\w*\.(\w+)$/.exec(key)?.[1] ?? key
}
