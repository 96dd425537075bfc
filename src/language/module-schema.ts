import type { JSONSchema } from 'json-schema-to-ts'

/** A JSON Schema of an object: what a module's arguments, its result and a role's arguments are described with. */
export type ObjectSchema = JSONSchema & object

/**
 * What the language needs to know of a module. Modules satisfy it structurally; the language never imports one.
 *
 * `args` and `result` are JSON Schemas (2020-12) of type object. `result` describes the module's own fields of a
 * registered result; the engine's (`changed`, `failed`, `skipped`, ...) are added here, see `registered.ts`.
 */
export interface ModuleSchema {
  readonly name: string
  readonly summary: string
  readonly args: ObjectSchema
  readonly result: ObjectSchema
  /** The argument that a plain string stands for: `command: echo hi`. */
  readonly freeForm?: string
  /** Arguments that are conditions, one or a list of them: read as expressions, rendered to a list of booleans. */
  readonly expressions?: readonly string[]
  /** Arguments whose text is an expression, without a tag: `var: result`. */
  readonly evaluated?: readonly string[]
  /** Its arguments become variables of the host (`set_fact`). */
  readonly setsFacts?: boolean
  /** Arguments that name a file on the controller, and the role's folder in which it is looked for. */
  readonly files?: Readonly<Record<string, 'files' | 'templates'>>
}
