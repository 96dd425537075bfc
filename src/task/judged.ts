/** Turns the end of a unit into the result of its item. */
import type { Problem } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import type { Outcome } from '../events/events.ts'
import type { Task } from '../language/model.ts'
import type { Module } from '../modules/module.ts'
import { exitCodeOf, failedItem, type ItemResult } from './item-result.ts'
import { firstProblem, type Preparing } from './preparing.ts'
import { type Result, resultOf } from './results.ts'
import { detailOf, programEnd } from './task-detail.ts'
import type { Converged, Unit } from './unit.ts'
import { type Judged, judgeOutcome } from './verdicts.ts'

export async function judgedItem(
  { task, item, module, ready }: Unit,
  converged: Converged,
  preparing: Preparing,
): Promise<ItemResult> {
  const result = resultOf(module, ready.args, converged)
  const outcome: Outcome = converged.kind
  let judged: Judged
  try {
    judged = await judgeOutcome(task, item, { outcome, result }, preparing)
  } catch (error) {
    return failedItem(task, module, firstProblem(error), result)
  }
  const detail = {
    ...detailOf(module, ready, converged, judged.outcome),
    ...defined({ program: ready.secret ? undefined : programEnd(result) }),
  }
  return {
    outcome: judged.outcome,
    result: judged.result,
    detail: judged.problem === undefined ? detail : { ...detail, problem: judged.problem },
    exitCode: exitCodeOf(task, module, converged),
    ...defined({ facts: ready.facts }),
  }
}

export function untilNotMet(
  task: Task,
  module: Module,
  { result, attempt }: { readonly result: Result; readonly attempt: number },
): ItemResult {
  const conditions = (task.until ?? []).map((condition) => condition.source).join(' && ')
  const problem: Problem = {
    code: 'until-not-met',
    message: `gave up after ${attempt + 1} attempts: "until" stayed false: ${conditions}`,
    where: task.where,
  }
  return failedItem(task, module, problem, result)
}
