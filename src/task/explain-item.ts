/** Collects what `gpuplay explain` shows of an item, from the same steps as a dry run. */
import type { ExplainedCondition, ExplainedItem } from '../events/explained-item.ts'
import { isUnknown, Unknown } from '../base/unknown.ts'
import { withFacts } from '../fleet/host-variables.ts'
import { evaluateCondition } from '../language/expression.ts'
import type { Task } from '../language/model.ts'
import type { Item } from './items.ts'
import type { PreparedItem } from './prepare.ts'
import { firstProblem, type Preparing, scopeOf } from './preparing.ts'
import type { TaskRun } from './task-run.ts'
import type { Unit } from './unit.ts'

/** Passes the item on if the run wants it explained. */
export async function explainItem(
  { task, ref }: TaskRun,
  {
    item,
    prepared,
    unit,
  }: { readonly item: Item; readonly prepared: PreparedItem; readonly unit: Unit | undefined },
  preparing: Preparing,
): Promise<void> {
  const { run, host } = preparing.context
  const { name } = host.machine
  if (run.explain?.wanted(task, name) !== true) return
  const given = prepared.kind === 'ready' || prepared.kind === 'unknown' ? prepared.args : undefined
  const explained: ExplainedItem = {
    host: name,
    task: ref,
    where: task.where,
    item: item.label,
    conditions: await conditionsOf(task, item, preparing),
    arguments: given === undefined || task.noLog ? undefined : asShown(given),
    asks: [...(unit?.reading?.touched.keys() ?? [])].sort(),
  }
  run.explain.take(run.secrets.redact(explained))
}

async function conditionsOf(
  task: Task,
  item: Item,
  preparing: Preparing,
): Promise<readonly ExplainedCondition[]> {
  const found: ExplainedCondition[] = []
  for (const condition of task.when) {
    const value = await withFacts(
      () => evaluateCondition([condition], scopeOf(task, item.layers, preparing)),
      preparing.readFact,
    ).catch((error: unknown) => firstProblem(error).message)
    found.push({
      text: condition.source,
      where: condition.where,
      value: value instanceof Unknown ? `unknown: ${value.why}` : String(value),
    })
  }
  return found
}

function asShown(args: unknown): Readonly<Record<string, unknown>> {
  const shown = plain(args)
  return typeof shown === 'object' && shown !== null ? { ...shown } : {}
}

function plain(value: unknown): unknown {
  if (isUnknown(value)) return `(unknown: ${value.why})`
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, plain(part)]))
}
