/** Turns the end of a unit into the result of its item. */
import type { Problem } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import type { Outcome } from '../events/events.ts'
import { Unknown } from '../base/unknown.ts'
import type { Task } from '../language/model.ts'
import type { Module } from '../modules/module.ts'
import { plainFailure } from './failures.ts'
import { withJob } from './async-jobs.ts'
import { exitCodeOf, failedItem, type ItemResult } from './item-result.ts'
import { firstProblem, type Preparing } from './preparing.ts'
import { type Result, resultOf } from './results.ts'
import { detailOf, programEnd } from './task-detail.ts'
import type { Converged, Unit } from './unit.ts'
import { type Judged, judgeOutcome } from './verdicts.ts'

export async function judgedItem(unit: Unit, ended: Converged, preparing: Preparing): Promise<ItemResult> {
  const { task, item, module, ready } = unit
  const converged = reachedOwn(unit, ended)
  const found = resultOf(module, ready.args, converged)
  const reached = ended.kind === converged.kind ? found : { ...found, unreachable: true }
  const result = withJob(task, module, { result: reached, ended: endOf(converged) })
  const outcome: Outcome = converged.kind
  let judged: Judged
  try {
    judged = await judgeOutcome(task, item, { outcome, result }, preparing)
  } catch (error) {
    return failedItem(task, module, firstProblem(error), result)
  }
  const detail = {
    ...detailOf(module, ready, converged, judged.outcome),
    ...defined({ delegate: ready.delegate, program: ready.secret ? undefined : programEnd(result) }),
  }
  return {
    outcome: judged.outcome,
    result: judged.result,
    detail: judged.problem === undefined ? detail : { ...detail, problem: judged.problem },
    exitCode: exitCodeOf(task, module, converged),
    ...defined({ facts: ready.facts, factsOf: task.delegateFacts ? ready.delegate : undefined }),
  }
}

/** Whether a program has ended, or was started. */
function endOf(converged: Converged): boolean | Unknown {
  return converged.kind === 'unknown' ? new Unknown(converged.why) : converged.labels.length > 0
}

/** If the host of `delegate_to` cannot be reached, the task fails: its own host can. */
function reachedOwn({ ready, progress }: Unit, converged: Converged): Converged {
  if (ready.delegate === undefined || converged.kind !== 'unreachable') return converged
  const message = `cannot reach ${ready.delegate} (delegate_to): ${converged.problem.message}`
  return progress.fail(plainFailure({ ...converged.problem, message }))
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
