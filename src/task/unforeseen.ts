import { HostError, UnreachableError } from '../base/errors.ts'
import { UnknownError } from '../base/unknown.ts'
import type { Task } from '../language/model.ts'

/**
 * An error that nobody foresaw, such as a parser's that met what no real program answers, as the failure of one task on one host: other hosts go on.
 * What was foreseen stays as it is.
 */
export function ofTask(error: unknown, task: Pick<Task, 'where'>): unknown {
  if (error instanceof HostError || error instanceof UnreachableError || error instanceof UnknownError)
    return error
  return unforeseen(error, task)
}

/** For a host as a whole, or at the place of one task. */
export function unforeseen(error: unknown, { where }: Partial<Pick<Task, 'where'>> = {}): HostError {
  const message = error instanceof Error ? error.message : String(error)
  return new HostError(
    {
      code: unforeseenCode,
      message: `gpuplay failed at what the host answered: ${message}`,
      hint: 'check whether a program on the host was replaced; if not, this is a bug in gpuplay: report it with the output of `--output jsonl`',
      ...(where === undefined ? {} : { where }),
    },
    error,
  )
}

/** Tests look for it: no run may ever end with it that no hostile host took part in. */
export const unforeseenCode = 'internal-error'
