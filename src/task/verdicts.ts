/** Applies `until`, `failed_when` and `changed_when` to results. */
import type { Problem } from '../base/errors.ts'
import { Unknown } from '../base/unknown.ts'
import type { Outcome } from '../events/events.ts'
import { withFacts } from '../fleet/host-variables.ts'
import { evaluateCondition } from '../language/expression.ts'
import type { Expression, Task } from '../language/model.ts'
import type { Layer } from '../language/scope.ts'
import type { Item } from './items.ts'
import { type Preparing, scopeOf } from './preparing.ts'
import type { Result } from './results.ts'

export interface Judged {
  readonly outcome: Outcome
  readonly result: Result
  readonly problem?: Problem
}

/** Applies `failed_when` and `changed_when`. If `changed_when` is unknown, so is the outcome. */
export async function judgeOutcome(
  task: Task,
  item: Item,
  { outcome, result }: { readonly outcome: Outcome; readonly result: Result },
  preparing: Preparing,
): Promise<Judged> {
  if (outcome === 'unreachable') return { outcome, result }
  let current = outcome
  let values = result
  if (task.failedWhen !== undefined && outcome !== 'unknown') {
    const failed = await judge(task.failedWhen, task, { item, result: values, preparing })
    if (failed === true) {
      const sources = task.failedWhen.map((condition) => condition.source).join(' && ')
      const problem: Problem = {
        code: 'failed-when',
        message: `failed_when is true: ${sources}`,
        where: task.where,
      }
      return { outcome: 'failed', result: { ...values, failed: true, msg: problem.message }, problem }
    }
    if (failed === false && outcome === 'failed') {
      current = values['changed'] === true ? 'changed' : 'ok'
      values = { ...values, failed: false }
    }
  }
  if (
    task.changedWhen !== undefined &&
    (current === 'ok' || current === 'changed' || current === 'unknown')
  ) {
    const changed = await judge(task.changedWhen, task, { item, result: values, preparing })
    if (changed instanceof Unknown) return { outcome: 'unknown', result: values }
    if (current !== 'unknown' || !changed) current = changed ? 'changed' : 'ok'
    values = { ...values, changed }
  }
  return { outcome: current, result: values }
}

/** Evaluates conditions on a result as if it were already registered. */
export async function judge(
  conditions: readonly Expression[],
  task: Task,
  {
    item,
    result,
    preparing,
  }: { readonly item: Item; readonly result: Result; readonly preparing: Preparing },
): Promise<boolean | Unknown> {
  const data: Layer[] =
    task.register === undefined ? [] : [{ layer: 'registered', data: new Map([[task.register, result]]) }]
  return withFacts(
    () => evaluateCondition(conditions, scopeOf(task, [...item.layers, ...data], preparing)),
    preparing.readFact,
  )
}
