/** Renders the texts of a task on one host. */
import { HostError, InputError, type Problem } from '../base/errors.ts'
import type { Unread } from '../fleet/host-variables.ts'
import type { Task } from '../language/model.ts'
import type { Layer, VariableScope } from '../language/scope.ts'
import type { TaskContext } from './task-context.ts'

export interface Preparing {
  readonly context: TaskContext
  /** Receives the names of variables that were looked up and may change during the run. */
  readonly reads: Set<string>
  readonly readFact: (fact: Unread) => Promise<void>
}

/** Creates a new scope for every evaluation, because a scope caches rendered values. */
export function scopeOf(task: Task, layers: readonly Layer[], { context, reads }: Preparing): VariableScope {
  return context.host.variables.scope(context.play, task, { layers, reads })
}

/**
 * Returns the problem of a rendering mistake or of a fact that could not be read. Rethrows any other error.
 */
export function firstProblem(error: unknown): Problem {
  if (error instanceof HostError) return error.problem
  if (error instanceof InputError && error.problems[0]) return error.problems[0]
  throw error
}
