/** Renders the texts of a task on one host. */
import { HostError, InputError, type Problem, UnreachableError } from '../base/errors.ts'
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
 * Reads a fact for a task. If another host cannot be read, the task fails and names that host: its own host is
 * reachable.
 */
export async function readFactFor({ run, host }: TaskContext, fact: Unread): Promise<void> {
  try {
    await run.fleet.readFact(fact)
  } catch (error) {
    const failed = error instanceof UnreachableError || error instanceof HostError
    if (!failed || fact.host === host.machine.name) throw error
    const message = `cannot read facts.${fact.fact} of ${fact.host}: ${error.problem.message}`
    throw new HostError({ ...error.problem, message }, error)
  }
}

/**
 * Returns the problem of a rendering mistake or of a fact that could not be read. Rethrows any other error.
 */
export function firstProblem(error: unknown): Problem {
  if (error instanceof HostError) return error.problem
  if (error instanceof InputError && error.problems[0]) return error.problems[0]
  throw error
}
