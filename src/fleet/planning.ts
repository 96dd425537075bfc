/** What a dry run passes on to a plan file, and what a plan file allows a run. */
import type { Problem } from '../base/errors.ts'
import type { Outcome, TaskRef } from '../events/events.ts'
import type { Action } from '../host/action.ts'
import type { Expectation } from '../host/expectation.ts'
import type { Diff } from '../host/plan.ts'
import type { ResourcePattern } from '../host/resource.ts'

/** The changes that one item of a task wants to make on one host. */
export interface ItemChanges {
  readonly host: string
  readonly task: TaskRef
  /** Of the item in its loop, from 0. Undefined: all items, because the loop itself is not known. */
  readonly position: number | undefined
  /** May contain `Secret` and `Unknown`; undefined if they could not be rendered. */
  readonly arguments: Readonly<Record<string, unknown>> | undefined
  /** `no_log`, or an argument is a secret: texts in actions must not be shown. */
  readonly hidden: boolean
  readonly actions: readonly Action[]
  /**
   * The state of everything that the actions change, by machine and resource (`pve1 file:/etc/x`), as their
   * plan saw it.
   */
  readonly seen: ReadonlyMap<string, Expectation>
  /** True if the plan saw predictions instead of answers of the host, or effects of its own actions. */
  readonly rests: boolean
}

/** One item of a dry run. */
export interface PlannedItem extends ItemChanges {
  /** The label of the item; '' without a loop. */
  readonly label: string
  readonly outcome: Outcome
  /** The changes as they are shown. */
  readonly diffs: readonly Diff[]
  /** Why these may not be all changes, or may not happen: only the run can know. */
  readonly unknown: string | undefined
  /** The resources that the task may change in ways that are not known. */
  readonly mayChange: readonly ResourcePattern[]
}

export interface Planning {
  /** Receives every item of a dry run, in the order of its host. */
  readonly take?: (item: PlannedItem) => void
  /** Returns why a run must not carry out these changes, if so. */
  readonly refuses?: (changes: ItemChanges) => Problem | undefined
}
