/**
 * The failures of tasks on one host. A failure is open while the `rescue` of a block may handle it. Then it is
 * rescued, or it ends the play on the host.
 */
import { defined } from '../base/defined.ts'
import { exitCodes } from '../base/errors.ts'
import { Unknown } from '../base/unknown.ts'
import type { Task } from '../language/model.ts'
import type { Layer } from '../language/scope.ts'
import type { TaskResult } from '../task/item-result.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { Recap } from './recap.ts'

export interface OpenFailuresOptions {
  readonly context: TaskContext
  readonly recap: Recap
  /** Called when a failure ends the play on this host, again for every further one. */
  readonly failed: (result: TaskResult, task: Task) => void
}

interface FailedTask {
  readonly task: Task
  readonly result: TaskResult
}

export class OpenFailures {
  readonly #options: OpenFailuresOptions
  #open: FailedTask[] = []
  #lost: FailedTask | undefined
  #last: FailedTask | undefined

  constructor(options: OpenFailuresOptions) {
    this.#options = options
  }

  /** Number of open failures. */
  get count(): number {
    return this.#open.length
  }

  /** The first failure that ended the play. */
  get lost(): FailedTask | undefined {
    return this.#lost
  }

  add(task: Task, result: TaskResult): void {
    this.#last = { task, result }
    this.#open.push(this.#last)
  }

  /** Called when a `rescue` has handled all open failures after the first `kept`. */
  rescued(kept: number): void {
    const { context, recap } = this.#options
    const host = context.host.machine.name
    const tasks = this.#open.splice(kept).map(({ task }) => context.ref(task))
    tasks.forEach(() => recap.count(host, 'rescued'))
    context.run.emitter.emit({ type: 'host.rescued', host, tasks })
  }

  /** Called when nothing can handle the open failures any more. */
  lose(): void {
    const { context, recap, failed } = this.#options
    const host = context.host.machine.name
    for (const failure of this.#open.splice(0)) {
      const { task, result } = failure
      const exitCode = result.outcome === 'unreachable' ? exitCodes.unreachable : result.exitCode
      recap.count(host, result.outcome)
      recap.failure({
        host,
        task: context.ref(task),
        exitCode: exitCode ?? exitCodes.task,
        ...defined({ message: result.problem?.message }),
      })
      this.#lost ??= failure
      failed(result, task)
    }
  }

  /** The variables that describe the last failure; none if nothing has failed. */
  layers(): readonly Layer[] {
    if (this.#last === undefined) return []
    const { task, result } = this.#last
    const { name, module } = this.#options.context.ref(task)
    return [layerOf({ name, module }, result.result)]
  }
}

/** The variables of a failure that a dry run does not know. */
export function unknownFailure(why: string): Layer {
  return layerOf(new Unknown(why), new Unknown(why))
}

function layerOf(failedTask: unknown, failedResult: unknown): Layer {
  const data = new Map([
    ['failed_task', failedTask],
    ['failed_result', failedResult],
  ])
  return { layer: 'built in', data }
}
