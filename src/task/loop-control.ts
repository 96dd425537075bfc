/** `pause` and `break_when` of `loop_control`, between the items of one task. */
import { Unknown } from '../base/unknown.ts'
import { failedItem, type ItemResult } from './item-result.ts'
import type { Item } from './items.ts'
import type { Narrator } from './narrator.ts'
import { firstProblem, type Preparing } from './preparing.ts'
import type { Stage } from './stage.ts'
import type { TaskRun } from './task-run.ts'
import { judge } from './verdicts.ts'

export interface BetweenItems {
  readonly stage: Stage
  readonly narrator: Narrator
}

/**
 * Waits before the next item. A dry run does not wait.
 * @returns `flush` if the waiting actions must be sent first
 */
export async function beforeItem(
  run: TaskRun,
  { stage, narrator }: BetweenItems,
): Promise<'ready' | 'flush'> {
  const { loop } = run.task
  const at = run.foreseen
  if (loop === undefined || at === 0) return 'ready'
  if (loop.breakWhen !== undefined && stage.waiting) return 'flush'
  if (loop.pause === 0 || !stage.sends || run.pausedBefore === at) return 'ready'
  if (stage.waiting) return 'flush'
  run.pausedBefore = at
  narrator.progress(run, `waiting ${loop.pause} s before the next item`)
  await stage.wait(loop.pause)
  return 'ready'
}

/**
 * Ends the loop after this item if `break_when` is true. If a dry run cannot know it, the items that follow may
 * run.
 * @returns the result; a failed one if `break_when` cannot be evaluated
 */
export async function afterItem(
  run: TaskRun,
  item: Item,
  result: ItemResult,
  preparing: Preparing,
): Promise<ItemResult> {
  const { items, task } = run
  const conditions = task.loop?.breakWhen
  if (conditions === undefined || items?.kind !== 'items') return result
  const end = (): void => {
    run.items = { ...items, items: items.items.slice(0, run.foreseen + 1) }
  }
  try {
    const ends = await judge(conditions, task, { item, result: result.result, preparing })
    if (ends === true) end()
    else if (ends instanceof Unknown) run.doubt = ends.why
    return result
  } catch (error) {
    end()
    const module = preparing.context.arguments.module(task.module)
    return failedItem(task, module, firstProblem(error), result.result)
  }
}
