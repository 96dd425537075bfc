/** The fields of a registered result: the module's own, and those common to all results. */
import { defined } from '../base/defined.ts'
import type { JsonSchema } from './declarations.ts'
import type { ModuleSchema } from './module-schema.ts'
import type { AsyncProgram } from './task-limits.ts'

/** The fields that the engine adds to every result. */
export const resultFields: Readonly<Record<string, JsonSchema>> = {
  changed: { type: 'boolean' },
  failed: { type: 'boolean' },
  skipped: { type: 'boolean' },
  unreachable: { type: 'boolean' },
  /** The reason if it failed or was skipped, otherwise empty. */
  msg: { type: 'string' },
  /** The number of attempts (`until`). */
  attempts: { type: 'integer' },
}

/** What a task with `async` adds: the job, whether it has started, and whether it has ended. */
const jobFields: Readonly<Record<string, JsonSchema>> = {
  ansible_job_id: { type: 'string' },
  started: { type: 'boolean' },
  finished: { type: 'boolean' },
}

/**
 * Returns the schema of a registered result; with a loop, `results` has one entry per item, which includes
 * the `item`.
 */
export function registeredSchema(
  module: ModuleSchema | undefined,
  { looped, async }: { readonly looped: boolean; readonly async: AsyncProgram | undefined },
): JsonSchema {
  const own = module === undefined ? undefined : (module.result as { readonly properties?: unknown })
  const fields = typeof own?.properties === 'object' ? own.properties : {}
  const open =
    module === undefined ||
    (own !== undefined && 'additionalProperties' in own && own.additionalProperties !== false)
  const single: JsonSchema = {
    type: 'object',
    properties: { ...resultFields, ...fields, ...(async === undefined ? {} : jobFields) },
    ...defined({ additionalProperties: open ? true : undefined }),
  }
  if (!looped) return single
  return {
    type: 'object',
    properties: { ...resultFields, results: { type: 'array', items: { type: 'object' } } },
  }
}
