/** Reads `async` and `poll` of a task. */
import type { Position } from '../base/errors.ts'
import type { FieldReader } from './fields.ts'
import type { ModuleSchema } from './module-schema.ts'
import { problem } from './source.ts'
import type { AsyncProgram } from './task-limits.ts'

/**
 * Reads the keywords of a task with this module. `async: 0` means that the task is not asynchronous. `poll`
 * counts only as 0 or not 0: gpuplay follows a program at its own pace.
 */
export function readAsync(
  fields: FieldReader,
  { module, where }: { readonly module: ModuleSchema; readonly where: Position },
): AsyncProgram | undefined {
  const seconds = fields.integer('async', 0, 30 * 86_400) ?? 0
  const waits = fields.integer('poll', 0, 86_400) !== 0
  if (seconds === 0) return undefined
  if (waits) return { seconds, waits }
  const at = fields.entry('poll')?.where ?? where
  if (module.runs === undefined) {
    const message = `"${module.name}" cannot continue without the run ("poll: 0")`
    const hint =
      'leave "poll" out, so that the run waits for the task; only programs of command and shell can continue'
    fields.report(problem('invalid-keyword', message, { where: at, hint }))
  }
  if (fields.entry('until') !== undefined) {
    const message = '"until" cannot judge a program for which the run does not wait ("poll: 0")'
    const hint = 'write "until" on a later task with async_status'
    fields.report(problem('invalid-keyword', message, { where: at, hint }))
  }
  return { seconds, waits }
}
