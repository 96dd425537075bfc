/**
 * Plans one item of a task to its end. With `until`, repeats that up to `retries` times while the condition
 * is false.
 */
import { jobOf } from './async-jobs.ts'
import { converge } from './converge.ts'
import { plainFailure } from './failures.ts'
import { failedItem, type ItemResult } from './item-result.ts'
import type { Item } from './items.ts'
import { judgedItem, untilNotMet } from './judged.ts'
import type { Narrator } from './narrator.ts'
import type { Ready } from './prepare.ts'
import { firstProblem, type Preparing } from './preparing.ts'
import type { Stage } from './stage.ts'
import type { TaskRun } from './task-run.ts'
import { type Converged, Progress, type Reading, Unit } from './unit.ts'
import { judge } from './verdicts.ts'
import type { Window } from './window.ts'

export interface AttemptOptions {
  /** Key of the unit. */
  readonly key: string
  readonly ready: Ready
  /** A reading from before that is still valid. */
  readonly reading: Reading | undefined
  readonly stage: Stage
  /** Undefined in a dry run. */
  readonly window: Window | undefined
  readonly preparing: Preparing
  readonly narrator: Narrator
  readonly progress: Progress
}

export type Attempted =
  /** The run continues at an earlier task. */
  | { readonly kind: 'moved' }
  /** The waiting actions must be sent before this item can be decided. */
  | { readonly kind: 'flush' }
  | {
      readonly kind: 'ended'
      readonly unit: Unit
      /** Undefined if `until` decided the result. */
      readonly converged: Converged | undefined
      readonly result: ItemResult
    }

export async function attempt(run: TaskRun, item: Item, options: AttemptOptions): Promise<Attempted> {
  const { key, ready, stage, window, preparing, narrator } = options
  const { task, ref } = run
  const { context } = preparing
  const { world } = context.run
  const host = context.host.machine.name
  const module = context.arguments.module(task.module)
  // Waiting for a state is in vain while the actions that lead to it are not sent.
  if (task.until !== undefined && stage.waiting) return { kind: 'flush' }
  // A change of the inventory is not planned again.
  if (ready.change !== undefined && stage.waiting) return { kind: 'flush' }
  let early = options.reading
  let { progress } = options
  for (let number = 0; ; number += 1) {
    const job = jobOf(task, module, { host, item: run.foreseen, start: () => world.randomHex(8) })
    const unit = new Unit({
      key,
      position: run.foreseen,
      task,
      ref,
      module,
      item,
      ready,
      early,
      progress,
      job,
    })
    early = undefined
    if (window?.refuses(unit) === true) return { kind: 'flush' }
    const recorded = ready.change && context.run.liveInventory.record(host, ready.change)
    if (recorded?.kind === 'new') progress.labels.push(recorded.label)
    const converged =
      recorded?.kind === 'refused'
        ? progress.fail(plainFailure(recorded.problem))
        : await converge(unit, stage, (message) => narrator.progress(run, message))
    if (converged === undefined) return { kind: 'moved' }
    const judged = await judgedItem(unit, converged, preparing)
    if (recorded?.kind === 'new' && judged.outcome === 'failed') recorded.undo()
    const result =
      task.until === undefined ? judged : { ...judged, result: { ...judged.result, attempts: number + 1 } }
    // Judge it again after the actions that it depends on.
    if (stage.waiting && isOpen(result)) return { kind: 'flush' }
    const end = await until(run, unit, { result, number, options })
    if (end !== 'again')
      return { kind: 'ended', unit, converged: end === result ? converged : undefined, result: end }
    progress = new Progress()
  }
}

function isOpen({ outcome }: ItemResult): boolean {
  return outcome === 'failed' || outcome === 'unreachable' || outcome === 'unknown'
}

async function until(
  run: TaskRun,
  { item, module }: Unit,
  {
    result,
    number,
    options,
  }: { readonly result: ItemResult; readonly number: number; readonly options: AttemptOptions },
): Promise<ItemResult | 'again'> {
  const { task } = run
  const { preparing, stage, narrator } = options
  if (task.until === undefined || result.outcome === 'unreachable' || !stage.sends) return result
  try {
    if ((await judge(task.until, task, { item, result: result.result, preparing })) === true) return result
  } catch (error) {
    return failedItem(task, module, firstProblem(error))
  }
  if (number >= task.retries)
    return result.outcome === 'failed'
      ? result
      : untilNotMet(task, module, { result: result.result, attempt: number })
  narrator.progress(
    run,
    `attempt ${number + 1} of ${task.retries + 1} did not meet "until"; retrying in ${task.delay} s`,
  )
  await stage.wait(task.delay)
  return 'again'
}
