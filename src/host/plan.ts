/** The result of a module's `plan`. */
import type { ExitCode } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import type { Unknown } from '../base/unknown.ts'
import type { Action } from './action.ts'

export interface Plan {
  readonly actions: readonly Action[]
  /** Before and after, for `--diff`. */
  readonly diffs: readonly Diff[]
  /** The actions leave no trace to find, so they run once, and the task is not planned again. */
  readonly once?: boolean
  /**
   * Set if later steps depend on the results of these: the engine carries them out, then probes and plans
   * again. Names the stage; a repeated stage fails the task.
   */
  readonly stage?: string
  /**
   * Nothing to do but wait: the engine probes again, with back-off, until the plan no longer asks for it or
   * the deadline has passed.
   */
  readonly settle?: Settle
  /** The task first makes the run wait, once. A dry run does not wait. */
  readonly pause?: Pause
  /**
   * Only in a dry run: the reason why it cannot promise these actions. Later tasks still see their effects.
   */
  readonly doubt?: Unknown
  /** The module refuses to continue; this plan changed nothing. */
  readonly refusal?: Refusal
  readonly warnings: readonly string[]
}

export interface Settle {
  /** "the container is starting" */
  readonly why: string
  /** Seconds since the task began to wait. */
  readonly timeout: number
  /** Seconds between two probes. Default: growing. */
  readonly sleep?: number
  /** What the user can do after a timeout. */
  readonly hint?: string
}

export interface Pause {
  readonly seconds: number
  /** Asked first; the task fails if the user declines, or if there is no terminal. */
  readonly question?: string
}

export interface Diff {
  /** The compared thing: a path, `package dkms`, ... */
  readonly title: string
  readonly before: string
  readonly after: string
}

export interface Refusal {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly findings?: readonly Finding[]
  /** Default: the exit code of the task, the role or the module. */
  readonly exitCode?: ExitCode
}

/** One problem in a report such as that of `verify`. */
export interface Finding {
  readonly message: string
  readonly cause?: string
  /** The line of a file with the problem. */
  readonly line?: string
  readonly fix?: string
}

const nothing: Plan = { actions: [], diffs: [], warnings: [] }

/** Nothing is left to do. */
export function done(warnings: readonly string[] = []): Plan {
  return { ...nothing, warnings }
}

export interface PlanOptions {
  readonly diffs?: readonly Diff[]
  readonly once?: boolean
  readonly stage?: string
  readonly doubt?: Unknown
  readonly warnings?: readonly string[]
}

/**
 * A plan that carries out these actions in order. `undefined` entries are left out, so that a plan reads as a
 * list of conditions.
 */
export function actions(list: readonly (Action | undefined)[], options: PlanOptions = {}): Plan {
  return {
    ...nothing,
    ...options,
    diffs: options.diffs ?? [],
    warnings: options.warnings ?? [],
    actions: list.filter((action) => action !== undefined),
  }
}

export function settle(why: string, timeout: number, hint?: string): Plan {
  return settleAs({ why, timeout, ...defined({ hint }) })
}

export function settleAs(wanted: Settle): Plan {
  return { ...nothing, settle: wanted }
}

export function pauseFor(pause: Pause): Plan {
  return { ...nothing, pause }
}

export function refuse(refusal: Refusal): Plan {
  return { ...nothing, refusal }
}
