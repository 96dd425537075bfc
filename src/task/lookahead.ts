/**
 * Reads early: consecutive tasks whose arguments and conditions do not rest on the result of an earlier one are prepared and probed together, so that a
 * converged host answers them in a few frames. A failed read-ahead is no failure: the task reads again at its turn. A change on the node or one of its
 * containers makes everything that was read before it worthless.
 */
import type { Task } from '../language/model.ts'
import type { Reading } from './converge.ts'
import type { Epoch } from '../fleet/machine.ts'
import { type Item, itemsOf, pathsOf, type PrepareContext, prepareItem } from './prepare.ts'
import type { Ahead, Ready } from './task-runner.ts'

export interface Lookahead {
  /** What was read for this task, if it still holds; otherwise reads it now, with those of the following tasks that can be read with it. */
  take(task: Task, following: readonly Task[]): Promise<Ahead | undefined>
}

export interface LookaheadOptions {
  readonly prepare: PrepareContext
  readonly epoch: Epoch
  readonly probe: (task: Task, item: Item, prepared: Ready) => Promise<Reading>
}

/** Tasks that are read together; more would only make frames larger. */
const most = 40

interface Early {
  readonly epoch: number
  readonly ahead: Promise<Ahead | undefined>
}

export function createLookahead({ prepare, epoch, probe }: LookaheadOptions): Lookahead {
  const early = new Map<Task, Early>()

  const read = async (task: Task): Promise<Ahead | undefined> => {
    try {
      const items = await itemsOf(task, prepare)
      if (items.kind !== 'items') return { items, prepared: [] }
      const prepared = await Promise.all(
        items.items.map(async (item) => {
          const ready = await prepareItem(task, item, prepare)
          const reading =
            ready.kind === 'ready' ? await probe(task, item, ready).catch(() => undefined) : undefined
          return { item, prepared: ready, reading }
        }),
      )
      return { items, prepared }
    } catch {
      return undefined
    }
  }

  return {
    async take(task, following) {
      const present = early.get(task)
      early.delete(task)
      if (present !== undefined && present.epoch === epoch.value) {
        const ahead = await present.ahead
        if (present.epoch === epoch.value) return ahead
      }
      const window = independent(following, prepare)
      for (const next of window) early.set(next, { epoch: epoch.value, ahead: read(next) })
      const now = early.get(task)
      early.delete(task)
      if (now === undefined) return undefined
      const ahead = await now.ahead
      return now.epoch === epoch.value ? ahead : undefined
    },
  }
}

/** The tasks from the first on that rest on nothing that one of them will register or set. */
export function independent(tasks: readonly Task[], prepare: PrepareContext): readonly Task[] {
  const made = new Set<string>()
  const result: Task[] = []
  for (const task of tasks.slice(0, most)) {
    const roots = result.length === 0 ? [] : pathsOf(task, prepare).map(([root]) => root ?? '')
    if (roots.some((root) => made.has(root))) break
    result.push(task)
    if (task.register !== undefined) made.add(task.register)
    if (prepare.module(task.module).setsFacts === true)
      for (const name of task.args.entries.keys()) made.add(name)
  }
  return result
}
