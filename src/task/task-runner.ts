/**
 * One task on one host: its items, each prepared, converged and judged (`until`, `changed_when`, `failed_when`), then registered, counted and told.
 */
import { type ExitCode, exitCodes, HostError, type Problem, UnreachableError } from '../base/errors.ts'
import type { HostName } from '../base/brand.ts'
import type { Unknown } from '../base/unknown.ts'
import type { Play, Task } from '../language/model.ts'
import type { Module, SummaryRow } from '../modules/module.ts'
import { converge, type Converged, type Host, type Reading } from './converge.ts'
import type { Emitter } from '../events/emitter.ts'
import type { Outcome, TaskDetail, TaskRef } from '../events/events.ts'
import type { HostVariables, Unread } from '../fleet/host-variables.ts'
import {
  firstProblem,
  type Item,
  type Items,
  itemsOf,
  type PrepareContext,
  type PreparedItem,
  prepareItem,
} from './prepare.ts'
import { detailOf, hidden } from './task-detail.ts'
import { judge, judgeOutcome } from './verdicts.ts'
import { loopResult, type Result, resultOf, skippedResult, unknownResult, worstOutcome } from './results.ts'

export interface TaskRunnerContext {
  readonly host: HostName
  readonly play: Play
  readonly check: boolean
  readonly variables: HostVariables
  readonly module: (name: string) => Module
  readonly prepare: PrepareContext
  readonly readFact: (fact: Unread) => Promise<void>
  readonly emitter: Emitter
  readonly sleep: (seconds: number) => Promise<void>
  readonly clock: () => number
  /** A row for the tables at the end of the run. */
  readonly addRow: (row: SummaryRow) => void
  /** The host as this task may use it. */
  readonly hostFor: (task: Task, ref: TaskRef, item: Item, prepared: Ready) => Host
}

export type Ready = Extract<PreparedItem, { readonly kind: 'ready' }>

/** What was prepared and probed before the task's turn came. */
export interface Ahead {
  readonly items: Items
  readonly prepared: readonly {
    readonly item: Item
    readonly prepared: PreparedItem
    readonly reading: Reading | undefined
  }[]
}

export interface TaskResult {
  readonly outcome: Outcome
  readonly ignored: boolean
  readonly result: Result
  readonly detail: TaskDetail
  /** Of a failure that was not ignored. */
  readonly exitCode: ExitCode | undefined
  /** A real change was carried out, or a dry run predicts one. */
  readonly changed: boolean
  readonly problem: Problem | undefined
}

interface ItemResult {
  readonly outcome: Outcome
  readonly result: Result
  readonly detail: TaskDetail
  readonly exitCode: ExitCode | undefined
  readonly converged: Converged | undefined
}

export async function runTask(
  task: Task,
  ref: TaskRef,
  ahead: Ahead | undefined,
  context: TaskRunnerContext,
): Promise<TaskResult> {
  const { emitter, host, clock } = context
  const started = clock()
  const items = ahead?.items ?? (await itemsOf(task, context.prepare))
  const results = await runItems(task, ref, { items, ahead }, context)
  const single = results.length === 1 && items.kind === 'items' && !items.loop ? results[0] : undefined
  const summary = single ?? summarize(task, items, results)
  const ignored = summary.outcome === 'failed' && task.ignoreErrors
  const detail = task.noLog ? hidden(summary.detail) : summary.detail
  if (task.register !== undefined) context.variables.register(task.register, summary.result)
  const outcome: TaskResult = {
    outcome: summary.outcome,
    ignored,
    result: summary.result,
    detail,
    exitCode: summary.outcome === 'failed' && !ignored ? (summary.exitCode ?? exitCodes.task) : undefined,
    changed: summary.outcome === 'changed' || results.some((item) => item.outcome === 'changed'),
    problem: detail.problem,
  }
  emitter.emit({
    type: 'task.finished',
    host,
    task: ref,
    outcome: summary.outcome,
    ...(ignored ? { ignored } : {}),
    detail,
    milliseconds: Math.round(clock() - started),
  })
  return outcome
}

async function runItems(
  task: Task,
  ref: TaskRef,
  { items, ahead }: { readonly items: Items; readonly ahead: Ahead | undefined },
  context: TaskRunnerContext,
): Promise<readonly ItemResult[]> {
  const { emitter, host } = context
  emitter.emit({ type: 'task.started', host, task: ref })
  const module = context.module(task.module)
  if (items.kind === 'unknown') return [unknownItem(module, items.why)]
  if (items.kind === 'failed') return [failedItem(task, module, items.problem)]
  const results: ItemResult[] = []
  let changed = false
  for (const [index, item] of items.items.entries()) {
    const found = ahead?.prepared[index]
    // What was read before an earlier item changed something is not trusted.
    const early = changed && found !== undefined ? { ...found, reading: undefined } : found
    const result = await runOrExplain(task, { ref, item, early }, context)
    changed ||= result.outcome !== 'ok' && result.outcome !== 'skipped'
    results.push(result)
    if (items.loop) {
      emitter.emit({
        type: 'item.finished',
        host,
        task: ref,
        item: task.noLog ? '(hidden)' : item.label,
        outcome: result.outcome,
        detail: task.noLog ? hidden(result.detail) : result.detail,
      })
    }
    if (result.outcome === 'unreachable') break
  }
  return results
}

/** Facts are read while arguments are rendered: what fails there ends the item as a failing probe would. */
async function runOrExplain(
  task: Task,
  {
    ref,
    item,
    early,
  }: { readonly ref: TaskRef; readonly item: Item; readonly early: Ahead['prepared'][number] | undefined },
  context: TaskRunnerContext,
): Promise<ItemResult> {
  try {
    const prepared = early?.prepared ?? (await prepareItem(task, item, context.prepare))
    return await runItem(task, { ref, item, prepared, reading: early?.reading }, context)
  } catch (error) {
    const module = context.module(task.module)
    if (error instanceof UnreachableError) {
      return {
        ...failedItem(task, module, error.problem),
        outcome: 'unreachable',
        exitCode: exitCodes.unreachable,
      }
    }
    if (error instanceof HostError) return failedItem(task, module, error.problem)
    throw error
  }
}

interface ItemRun {
  readonly ref: TaskRef
  readonly item: Item
  readonly prepared: PreparedItem
  readonly reading: Reading | undefined
}

async function runItem(task: Task, run: ItemRun, context: TaskRunnerContext): Promise<ItemResult> {
  const module = context.module(task.module)
  const { prepared } = run
  switch (prepared.kind) {
    case 'skipped':
      return {
        outcome: 'skipped',
        result: skippedResult(prepared.why),
        detail: { why: prepared.why },
        exitCode: undefined,
        converged: undefined,
      }
    case 'unknown':
      return unknownItem(module, prepared.why)
    case 'failed':
      return failedItem(task, module, prepared.problem)
    case 'ready':
      return attempts(task, { ...run, prepared }, context)
  }
}

/** `until`: again, up to `retries` times, as long as it is false. */
async function attempts(
  task: Task,
  run: ItemRun & { readonly prepared: Ready },
  context: TaskRunnerContext,
): Promise<ItemResult> {
  let { reading } = run
  for (let attempt = 0; ; attempt += 1) {
    const once = await attemptOnce(task, { ...run, reading }, context)
    const result =
      task.until === undefined ? once : { ...once, result: { ...once.result, attempts: attempt + 1 } }
    if (task.until === undefined || result.outcome === 'unreachable' || context.check) return result
    let met: boolean | Unknown
    try {
      met = await judge(task.until, task, run.item, result.result, context)
    } catch (error) {
      return failedItem(task, context.module(task.module), firstProblem(error))
    }
    if (met === true) return result
    if (attempt >= task.retries) {
      if (result.outcome === 'failed') return result
      const problem: Problem = {
        code: 'until-not-met',
        message: `gave up after ${attempt + 1} tries: this stayed false: ${task.until.map((condition) => condition.source).join(' && ')}`,
        where: task.where,
      }
      return failedItem(task, context.module(task.module), problem, result.result)
    }
    context.emitter.emit({
      type: 'task.progress',
      host: context.host,
      task: run.ref,
      message: `try ${attempt + 1} of ${task.retries + 1} was not enough; again in ${task.delay} s`,
    })
    await context.sleep(task.delay)
    reading = undefined
  }
}

async function attemptOnce(
  task: Task,
  { ref, item, prepared, reading }: ItemRun & { readonly prepared: Ready },
  context: TaskRunnerContext,
): Promise<ItemResult> {
  const module = context.module(task.module)
  const host = context.hostFor(task, ref, item, prepared)
  const converged = await converge({
    module,
    args: prepared.args,
    check: context.check,
    host,
    first: reading,
  })
  const result = resultOf(module, prepared.args, converged)
  for (const message of converged.warnings) {
    context.emitter.emit({ type: 'warning', host: context.host, task: ref, message })
  }
  addRows(module, prepared.args, converged, context)
  const outcome: Outcome = converged.kind
  let judged: { readonly outcome: Outcome; readonly result: Result; readonly problem?: Problem }
  try {
    judged = await judgeOutcome(task, item, { outcome, result }, context)
  } catch (error) {
    return failedItem(task, module, firstProblem(error), result)
  }
  const detail = detailOf(module, prepared, converged, judged.outcome)
  return {
    outcome: judged.outcome,
    result: judged.result,
    detail: judged.problem === undefined ? detail : { ...detail, problem: judged.problem },
    exitCode: exitCodeOf(task, module, converged),
    converged,
  }
}

function addRows(module: Module, args: unknown, converged: Converged, context: TaskRunnerContext): void {
  const seen = 'seen' in converged ? converged.seen : undefined
  const rows = seen === undefined ? [] : (module.row?.(args, seen) ?? [])
  for (const row of [rows].flat()) context.addRow(row)
}

function exitCodeOf(task: Task, module: Module, converged: Converged): ExitCode | undefined {
  if (converged.kind === 'unreachable') return exitCodes.unreachable
  const refused = converged.kind === 'failed' ? converged.failure.exitCode : undefined
  return refused ?? toExitCode(task.exitCode) ?? module.exitCode
}

function toExitCode(code: number | undefined): ExitCode | undefined {
  return Object.values(exitCodes).find((known) => known === code)
}

function summarize(task: Task, items: Items, results: readonly ItemResult[]): ItemResult {
  const outcome = worstOutcome(results.map((result) => result.outcome))
  const bad = results.find((result) => result.outcome === 'failed' || result.outcome === 'unreachable')
  const labels = items.kind === 'items' ? items.items.map((item) => item.label) : []
  const byItem = Object.fromEntries(
    results.map((result, index) => [labels[index] ?? String(index), result.outcome]),
  )
  const problem = bad?.detail.problem
  return {
    outcome,
    result: loopResult(
      results.map((result, index) => ({
        ...result.result,
        item: items.kind === 'items' ? items.items[index]?.value : undefined,
      })),
    ),
    detail: {
      ...(task.noLog ? {} : { items: byItem }),
      ...(problem === undefined ? {} : { problem }),
      ...(results.length === 0 ? { why: 'the loop goes over an empty list' } : {}),
    },
    exitCode: bad?.exitCode,
    converged: bad?.converged,
  }
}

function unknownItem(module: Module, why: string): ItemResult {
  return {
    outcome: 'unknown',
    result: unknownResult(module, why),
    detail: { why },
    exitCode: undefined,
    converged: undefined,
  }
}

function failedItem(task: Task, module: Module, problem: Problem, result: Result = {}): ItemResult {
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
    converged: undefined,
  }
}
