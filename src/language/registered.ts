/** What a registered result holds: the module's own fields, and those that every result has. */
import type { JsonSchema } from './declarations.ts'
import type { ModuleSchema } from './module-schema.ts'

/** The fields that the engine adds to every result. */
export const resultFields: Readonly<Record<string, JsonSchema>> = {
  changed: { type: 'boolean' },
  failed: { type: 'boolean' },
  skipped: { type: 'boolean' },
  unreachable: { type: 'boolean' },
  /** Why it failed or was skipped; empty otherwise. */
  msg: { type: 'string' },
  /** How often it was tried (`until`). */
  attempts: { type: 'integer' },
}

/** The schema of what `register` holds; with a loop, `results` has one entry for each item, with the `item` itself. */
export function registeredSchema(module: ModuleSchema | undefined, looped: boolean): JsonSchema {
  const own = module === undefined ? undefined : (module.result as { readonly properties?: unknown })
  const fields = typeof own?.properties === 'object' ? own.properties : {}
  const open =
    module === undefined ||
    (own !== undefined && 'additionalProperties' in own && own.additionalProperties !== false)
  const single: JsonSchema = {
    type: 'object',
    properties: { ...resultFields, ...fields },
    ...(open ? { additionalProperties: true } : {}),
  }
  if (!looped) return single
  return {
    type: 'object',
    properties: { ...resultFields, results: { type: 'array', items: { type: 'object' } } },
  }
}
