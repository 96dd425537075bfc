/**
 * Decides whether a run may carry out changes, by the records of its plan file.
 *
 * Known changes must be the recorded actions, in their order. A task may carry out fewer: an earlier task may
 * have made some of them. A task whose changes were unknown may make others if it has the arguments that the
 * plan has, or if all that they change is among the resources that the plan names.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Problem } from '../../base/errors.ts'
import type { ItemChanges, Planning } from '../../fleet/planning.ts'
import type { Action } from '../../host/action.ts'
import { resourcesOf } from '../../host/changed-state.ts'
import { labelOf } from '../../host/label.ts'
import { commonDirectories } from './common-directories.ts'
import { planAgain } from './plan-file.ts'
import { essence, type PlanRecords } from './plan-records.ts'
import type { PlanFile, PlanFileAction, PlanFileItem } from './plan-schema.ts'

export interface Approval extends Pick<Required<Planning>, 'refuses'> {
  /** The hosts whose changes were refused. */
  readonly refused: ReadonlySet<string>
}

export function createApproval({ hosts }: Pick<PlanFile, 'hosts'>, records: PlanRecords): Approval {
  const refused = new Set<string>()
  /** What approved tasks change, by machine and resource: the plan could not see how they leave it. */
  const ownChanges = new Set<string>()
  const recordedOf = ({ host, task, position }: ItemChanges): readonly PlanFileItem[] =>
    (hosts[host] ?? []).filter(
      (item) => item.task === task.id && (item.position === undefined || item.position === position),
    )
  const isCommon = commonDirectories(Object.values(hosts))
  return {
    refused,
    refuses(changes) {
      const recorded = recordedOf(changes)
      const actions = changes.actions.filter(
        (action) => !isCommon(records.action(action, changes.hidden), changes.task.id),
      )
      const own = { ...changes, actions }
      const objections = recorded.map((item) => objection(item, own, { records, ownChanges }))
      if (objections.includes(undefined)) {
        for (const resource of changes.seen.keys()) ownChanges.add(resource)
        return undefined
      }
      refused.add(changes.host)
      const why = objections.find((one) => one !== undefined) ?? 'the plan does not have these changes'
      return outsidePlan(why, changes)
    },
  }
}

function outsidePlan(why: string, { hidden, actions }: ItemChanges): Problem {
  const labels = hidden ? 'hidden' : actions.map(labelOf).join('; ')
  return { code: 'outside-plan', message: `${why}: ${labels}`, hint: planAgain }
}

interface SoFar {
  readonly records: PlanRecords
  readonly ownChanges: ReadonlySet<string>
}

/** Why an item of the plan does not allow these changes; undefined if it does. */
function objection(item: PlanFileItem, changes: ItemChanges, soFar: SoFar): string | undefined {
  const { records } = soFar
  const other = otherActions(item, changes, records)
  if (item.unknown === undefined) {
    if (other.length > 0) return 'the plan does not have these changes'
    const touched = changedSince(item, changes, soFar)
    return touched === undefined ? undefined : `${touched} has changed since the plan was made`
  }
  if (other.length === 0) return undefined
  const given = records.argumentsOf(changes)
  if (given !== undefined && given === item.arguments) return undefined
  const allowed = [...item.mayChange, ...item.actions.flatMap(namedBy)]
  return other.every((action) => isWithin(action, allowed))
    ? undefined
    : 'the plan could not know the changes of this task, and they reach further than it says'
}

/** The actions that are not recorded, or not in this order. */
function otherActions(
  item: PlanFileItem,
  { actions, hidden }: ItemChanges,
  records: PlanRecords,
): readonly Action[] {
  let next = 0
  return actions.filter((action) => {
    const own = essence(records.action(action, hidden))
    const at = item.actions.findIndex(
      (recorded, index) => index >= next && isDeepStrictEqual(essence(recorded), own),
    )
    if (at === -1) return true
    next = at + 1
    return false
  })
}

/** A resource that differs from what the plan saw; only if neither of them is a prediction. */
function changedSince(
  item: PlanFileItem,
  changes: ItemChanges,
  { records, ownChanges }: SoFar,
): string | undefined {
  if (item.rests || changes.rests) return undefined
  const now = records.seen(changes)
  return Object.entries(item.seen).find(
    ([key, digest]) => !ownChanges.has(key) && (now[key] ?? digest) !== digest,
  )?.[0]
}

/** The resources that a recorded action names, or leaves unknown. */
function namedBy({ kind, path, on: _on, effects }: PlanFileAction): readonly string[] {
  const own = kind !== 'run' && typeof path === 'string' ? [`file:${path}`] : []
  const declared = Array.isArray(effects) ? effects : []
  return [
    ...own,
    ...declared.flatMap((effect: unknown): readonly string[] => {
      if (typeof effect !== 'object' || effect === null || !('kind' in effect)) return []
      if (effect.kind === 'unknown' && 'resources' in effect && Array.isArray(effect.resources))
        return effect.resources.flatMap((name: unknown) => (typeof name === 'string' ? [name] : []))
      return 'name' in effect ? [`${String(effect.kind)}:${String(effect.name)}`] : []
    }),
  ]
}

/** True if everything that the action may change is among these resources and patterns. */
function isWithin(action: Action, allowed: readonly string[]): boolean {
  if (allowed.includes('*')) return action.kind !== 'reboot' && action.kind !== 'containerPower'
  const unknown = (action.effects ?? []).flatMap((effect) =>
    effect.kind === 'unknown' ? effect.resources.map(String) : effect.kind === 'brings' ? ['*'] : [],
  )
  const all: readonly string[] = action.kind === 'run' && action.effects === undefined ? ['*'] : unknown
  const names = [...resourcesOf(action).map(({ name }) => String(name)), ...all]
  return names.length > 0 && names.every((name) => allowed.some((pattern) => covers(pattern, name)))
}

/** Both may end in `*`. */
function covers(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
