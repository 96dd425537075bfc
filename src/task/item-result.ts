/** Results of items, and of tasks from their items. */
import type { HostName } from '../base/brand.ts'
import { type ExitCode, exitCodes, type Problem } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import { Unknown } from '../base/unknown.ts'
import type { Outcome, TaskDetail } from '../events/events.ts'
import type { Task } from '../language/model.ts'
import type { Module } from '../modules/module.ts'
import { withJob } from './async-jobs.ts'
import type { Inclusion } from './inclusion.ts'
import type { Items } from './items.ts'
import type { OnceEnd, Turn } from './once.ts'
import {
  hiddenResult,
  loopResult,
  type Result,
  skippedResult,
  unknownResult,
  unreachableResult,
  worstOutcome,
} from './results.ts'
import { hidden } from './task-detail.ts'
import type { Converged } from './unit.ts'

export interface ItemResult {
  readonly outcome: Outcome
  readonly result: Result
  readonly detail: TaskDetail
  readonly exitCode: ExitCode | undefined
  /** Variables that the item sets. */
  readonly facts?: Readonly<Record<string, unknown>>
  /** The host whose variables these are, if not the task's own (`delegate_facts`). */
  readonly factsOf?: HostName
  /** What the item includes. */
  readonly inclusion?: Inclusion
}

export interface TaskResult {
  readonly outcome: Outcome
  readonly ignored: boolean
  readonly result: Result
  readonly detail: TaskDetail
  /** Exit code of a failure that was not ignored. */
  readonly exitCode: ExitCode | undefined
  /** True if a change was carried out, or a dry run predicts one. */
  readonly changed: boolean
  readonly problem: Problem | undefined
  /** What the items include, in order. */
  readonly inclusions: readonly Inclusion[]
}

export function skippedItem(why: string): ItemResult {
  return { outcome: 'skipped', result: skippedResult(why), detail: { why }, exitCode: undefined }
}

/** The result of an item of `include_tasks` or `include_role`, before what it includes has run. */
export function includedItem(module: Module, inclusion: Inclusion): ItemResult {
  const { doubt } = inclusion
  if (doubt !== undefined)
    return {
      outcome: 'unknown',
      result: unknownResult(module, doubt),
      detail: { why: doubt },
      exitCode: undefined,
      inclusion,
    }
  const result = { changed: false, failed: false, skipped: false, msg: '' }
  return { outcome: 'ok', result, detail: {}, exitCode: undefined, inclusion }
}

/** The result of an item of which a dry run does not know whether it runs, or with which arguments. */
export function unknownItem(task: Task, module: Module, why: string): ItemResult {
  const { includes } = task
  const facts = Object.fromEntries([...includes.keys()].map((name) => [name, new Unknown(why)]))
  return {
    outcome: 'unknown',
    result: withJob(task, module, { result: unknownResult(module, why), ended: new Unknown(why) }),
    detail: { why },
    exitCode: undefined,
    facts,
  }
}

export function unreachableItem(problem: Problem): ItemResult {
  return {
    outcome: 'unreachable',
    result: unreachableResult(problem),
    detail: { problem },
    exitCode: exitCodes.unreachable,
  }
}

export function failedItem(task: Task, module: Module, problem: Problem, result: Result = {}): ItemResult {
  return {
    outcome: 'failed',
    result: {
      ...result,
      changed: result['changed'] ?? false,
      failed: true,
      skipped: false,
      msg: problem.message,
    },
    detail: { problem },
    exitCode: toExitCode(task.exitCode) ?? module.exitCode,
  }
}

export function exitCodeOf(task: Task, module: Module, converged: Converged): ExitCode | undefined {
  if (converged.kind === 'unreachable') return exitCodes.unreachable
  const refused = converged.kind === 'failed' ? converged.failure.exitCode : undefined
  return refused ?? toExitCode(task.exitCode) ?? module.exitCode
}

function toExitCode(code: number | undefined): ExitCode | undefined {
  return Object.values(exitCodes).find((known) => known === code)
}

/** Returns the result of a task with `run_once` for a host that has not run it itself. */
export function resultElsewhere({ by, end }: Extract<Turn, { readonly kind: 'done' }>): ItemResult {
  const { kind, result, facts } = end
  if (kind === 'succeeded') {
    const why = `${by} runs it for all hosts (run_once)`
    return { outcome: 'skipped', result, detail: { why }, exitCode: undefined, facts }
  }
  const problem = {
    code: 'run-once-failed',
    message: `it failed on ${by}, which runs it for all hosts (run_once)`,
  }
  return {
    outcome: 'failed',
    result: { ...result, unreachable: false, msg: problem.message },
    detail: { problem },
    exitCode: end.exitCode ?? exitCodes.task,
  }
}

/** Describes the end of a task with `run_once` for the other hosts. */
export function onceEnd(result: TaskResult, facts: OnceEnd['facts'], begun: boolean): OnceEnd {
  const kind = result.outcome === 'unreachable' ? 'unreachable' : isFailure(result) ? 'failed' : 'succeeded'
  return { kind, result: result.result, exitCode: result.exitCode, facts, begun }
}

/** True if the task failed or its host could not be reached, and the failure is not ignored. */
export function isFailure({ outcome, ignored, exitCode }: TaskResult): boolean {
  return (outcome === 'unreachable' && !ignored) || exitCode !== undefined
}

/** Returns the result of a task whose items have all finished, or are all predicted. */
export function taskResult(task: Task, items: Items, results: readonly ItemResult[]): TaskResult {
  const [single] = items.kind === 'items' && items.loop ? [] : results
  const summary = single ?? summarize(task, items, results)
  const ignored =
    (summary.outcome === 'failed' && task.ignoreErrors) ||
    (summary.outcome === 'unreachable' && task.ignoreUnreachable) ||
    // The host of `delegate_to` was.
    (summary.result['unreachable'] === true && task.ignoreUnreachable)
  const detail = task.noLog ? hidden(summary.detail) : summary.detail
  return {
    outcome: summary.outcome,
    ignored,
    result: task.noLog ? hiddenResult(summary.result) : summary.result,
    detail,
    exitCode: summary.outcome === 'failed' && !ignored ? (summary.exitCode ?? exitCodes.task) : undefined,
    changed: summary.outcome === 'changed' || results.some((item) => item.outcome === 'changed'),
    problem: detail.problem,
    inclusions: results.flatMap(({ inclusion }) => inclusion ?? []),
  }
}

function summarize(task: Task, items: Items, results: readonly ItemResult[]): ItemResult {
  const outcome = worstOutcome(results.map((result) => result.outcome))
  const bad = results.find((result) => result.outcome === 'failed' || result.outcome === 'unreachable')
  const all = items.kind === 'items' ? items.items : []
  const byItem = Object.fromEntries(
    results.map((result, index) => [all[index]?.label ?? String(index), result.outcome]),
  )
  const problem = bad?.detail.problem
  return {
    outcome,
    result: loopResult(results.map((result, index) => ({ ...result.result, item: all[index]?.value }))),
    detail: {
      ...defined({
        items: task.noLog ? undefined : byItem,
        problem,
        why: results.length === 0 ? 'the loop has no items' : undefined,
      }),
    },
    exitCode: bad?.exitCode,
  }
}
