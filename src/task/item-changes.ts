/** Describes items of a dry run for a plan file, and the changes of a run for its comparison with one. */
import type { ItemChanges, PlannedItem } from '../fleet/planning.ts'
import type { Machine } from '../fleet/machine.ts'
import type { Action } from '../host/action.ts'
import { changedState } from '../host/changed-state.ts'
import type { Plan } from '../host/plan.ts'
import type { Expected } from './ledger.ts'
import type { PreparedItem } from './prepare.ts'
import type { TaskContext } from './task-context.ts'
import { mayChange, type Planned, type Unit } from './unit.ts'

/** The changes of a plan that is about to be carried out. */
export function changesOf(unit: Unit, plan: Plan, machine: Machine): ItemChanges {
  const reading = unit.reading
  return {
    host: machine.name,
    task: unit.ref,
    position: unit.position,
    arguments: unit.ready.given,
    hidden: unit.task.noLog || unit.ready.secret,
    actions: plan.actions,
    seen: changedState(plan.actions, namesOf(machine), reading?.touched ?? new Map()),
    rests: unit.progress.sent || reading?.rests !== false,
  }
}

/** Passes an item of a dry run on to the plan file, if one is made. */
export function recordItem(
  expected: Expected,
  prepared: PreparedItem | undefined,
  { run, host: { machine }, arguments: known }: Pick<TaskContext, 'run' | 'host' | 'arguments'>,
): void {
  const { run: task, unit, converged, result } = expected
  if (!run.check || run.planning?.take === undefined || result === undefined) return
  const foreseen = unit?.foreseen ?? []
  const actions = foreseen.map(({ action }) => action)
  const [first] = foreseen
  // Later stages see the effects of the first one.
  const own = foreseen.filter(({ plan }) => plan === first?.plan)
  const given = prepared !== undefined && 'args' in prepared ? argumentsOf(prepared) : undefined
  const item = task.items?.kind === 'items' ? task.items.items[task.results.length] : undefined
  const unknown =
    converged?.kind === 'unknown'
      ? converged.why
      : converged !== undefined && 'seenWhy' in converged && converged.seenWhy !== undefined
        ? converged.seenWhy
        : (unknownContent(actions) ?? (result.outcome === 'unknown' ? (result.detail.why ?? '') : undefined))
  const planned: PlannedItem = {
    host: machine.name,
    task: task.ref,
    position: item === undefined ? undefined : task.results.length,
    label: task.task.noLog ? '' : (item?.label ?? ''),
    outcome: result.outcome,
    arguments: given,
    hidden: task.task.noLog || unit?.ready.secret === true,
    actions,
    diffs: [...new Set(foreseen.map(({ plan }) => plan))].flatMap(({ diffs }) => diffs),
    seen: changedState(own.map(actionOf), namesOf(machine), first?.reading.touched ?? new Map()),
    rests: first?.reading.rests ?? false,
    unknown,
    mayChange: unknown === undefined ? [] : mayChange(known.module(task.task.module), given),
  }
  run.planning.take(planned)
}

function argumentsOf(
  prepared: Extract<PreparedItem, { readonly args: unknown }>,
): Readonly<Record<string, unknown>> {
  return prepared.kind === 'ready' ? prepared.given : prepared.args
}

function actionOf({ action }: Planned): Action {
  return action
}

function namesOf({ name, node }: Machine): Parameters<typeof changedState>[1] {
  return { host: name, node: node?.name }
}

function unknownContent(actions: readonly Action[]): string | undefined {
  return actions.flatMap((action) =>
    action.kind === 'writeFile' && action.content.kind === 'unknown' ? [action.content.why] : [],
  )[0]
}
