/** What tasks of the module `meta` mean for the play on one host. */
import type { Task, TaskOrBlock } from '../language/model.ts'
import { isBlockStep } from '../language/block-steps.ts'
import type { TaskResult } from '../task/item-result.ts'
import type { Wish } from '../task/once.ts'
import type { TaskContext } from '../task/task-context.ts'

export type Direction =
  | { readonly kind: 'done' | 'ended' | 'stopped' }
  /** The notified handlers run now. `doubt`: dry runs only, why it is unknown whether they do. */
  | { readonly kind: 'flush'; readonly doubt: string | undefined }
  /** Dry runs only. */
  | { readonly kind: 'may have ended'; readonly why: string }

export interface DirectionOptions {
  readonly context: TaskContext
  /** True if no new task may start. */
  readonly stopped: () => boolean
}

/** Returns what a task of `meta` says that has run or was skipped. Waits for other hosts, if they decide too. */
export async function directionOf(
  task: Task,
  { outcome, detail }: TaskResult,
  options: DirectionOptions,
): Promise<Direction> {
  const doubt = outcome === 'unknown' ? (detail.why ?? 'a dry run cannot know it') : undefined
  switch (task.meta) {
    case 'flush_handlers':
      return outcome === 'skipped' ? { kind: 'done' } : { kind: 'flush', doubt }
    case 'end_host':
      if (doubt !== undefined) return { kind: 'may have ended', why: doubt }
      return { kind: outcome === 'skipped' ? 'done' : 'ended' }
    case 'end_batch':
    case 'end_play':
      if (doubt !== undefined) return decided(task, { kind: 'unknown', why: doubt }, options)
      return decided(task, { kind: outcome === 'skipped' ? 'continue' : 'end' }, options)
    case 'noop':
    case undefined:
      return { kind: 'done' }
  }
}

async function decided(task: Task, wish: Wish, { context, stopped }: DirectionOptions): Promise<Direction> {
  const { run, host, once, ref } = context
  const { name } = host.machine
  const waiting = (other: string): void => {
    const why = `${other} has not reached "${ref(task).name}", where the play may end for all hosts`
    run.emitter.emit({ type: 'host.waiting', host: name, why })
  }
  const found = await run.profile.during({ host: name, phase: 'wait', task: ref(task) }, () =>
    once.vote(task, { wish, stopped, waiting }),
  )
  switch (found.kind) {
    case 'end':
      return { kind: 'ended' }
    case 'unknown':
      return { kind: 'may have ended', why: found.why }
    case 'continue':
      return { kind: 'done' }
    case 'stopped':
      return { kind: 'stopped' }
  }
}

/** True for a task at which the hosts of a batch decide together. */
export function isShared({ runOnce, meta }: Task): boolean {
  return runOnce || meta === 'end_play' || meta === 'end_batch'
}

/** True for a task after which the engine must do something before the next one. */
function isDirecting({ meta, include }: Task): boolean {
  return include !== undefined || (meta !== undefined && meta !== 'noop')
}

/** The index after the tasks that run together: up to a block, or with a task of `meta` or an include as the last. */
export function endOfTasks(steps: readonly TaskOrBlock[], from: number): number {
  const end = steps.findIndex((step, at) => at >= from && (isBlockStep(step) || isDirecting(step)))
  const found = steps[end]
  if (found === undefined) return steps.length
  return isBlockStep(found) ? end : end + 1
}
