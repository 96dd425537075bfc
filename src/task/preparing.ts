/** How a task's texts are rendered on one host. */
import { HostError, InputError, type Problem } from '../base/errors.ts'
import type { Unread } from '../fleet/host-variables.ts'
import type { Task } from '../language/model.ts'
import type { Layer, VariableScope } from '../language/scope.ts'
import type { TaskContext } from './context.ts'

export interface Preparing {
  readonly context: TaskContext
  /** Names of variables that could change while a run goes on and that were looked at. */
  readonly reads: Set<string>
  readonly readFact: (fact: Unread) => Promise<void>
}

/** Made anew for every evaluation: a scope remembers what it has rendered. */
export function scopeOf(task: Task, layers: readonly Layer[], { context, reads }: Preparing): VariableScope {
  return context.host.variables.scope(context.play, task, { layers, reads })
}

/** A mistake that only showed when it was rendered, or a fact that could not be read; anything else goes on. */
export function firstProblem(error: unknown): Problem {
  if (error instanceof HostError) return error.problem
  if (error instanceof InputError && error.problems[0]) return error.problems[0]
  throw error
}
