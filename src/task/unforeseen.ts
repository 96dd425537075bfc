import { HostError, UnreachableError } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import { UnknownError } from '../base/unknown.ts'
import type { Task } from '../language/model.ts'

/**
 * Turns an unexpected error, such as from a parser that met an impossible answer, into a failure of one task
 * on one host. Other hosts continue. Returns expected errors unchanged.
 */
export function ofTask(error: unknown, task: Pick<Task, 'where'>): unknown {
  if (error instanceof HostError || error instanceof UnreachableError || error instanceof UnknownError)
    return error
  return unforeseen(error, task)
}

/** Creates the error for a whole host, or at the place of one task. */
export function unforeseen(error: unknown, { where }: Partial<Pick<Task, 'where'>> = {}): HostError {
  const message = error instanceof Error ? error.message : String(error)
  return new HostError(
    {
      code: unforeseenCode,
      message: `gpuplay failed to process an answer of the host: ${message}`,
      hint: 'check whether a program on the host was replaced; if not, this is a bug in gpuplay: report it with the output of `--output jsonl`',
      ...defined({ where }),
    },
    error,
  )
}

/** Tests search for this code: no run without a hostile host may end with it. */
export const unforeseenCode = 'internal-error'
