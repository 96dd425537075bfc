/** What a module's `plan` returns. */
import type { ExitCode } from '../base/errors.ts'
import { given } from '../base/given.ts'
import type { Unknown } from '../base/unknown.ts'
import type { Action } from './action.ts'

export interface Plan {
  readonly actions: readonly Action[]
  /** Before and after, for people who asked with `--diff`. */
  readonly diffs: readonly Diff[]
  /** Carrying it out leaves no trace to find: it is done once, and no further plan of the task is made. */
  readonly once?: boolean
  /** Says that later steps rest on what these produce: the engine carries them out, probes and plans again. Names the stage; one that recurs fails the task. */
  readonly stage?: string
  /** Nothing to do but wait: the engine probes again, with back-off, until the plan no longer says so or the deadline has passed. */
  readonly settle?: Settle
  /** Only a dry run has any: why it must not promise these actions. Their effects are laid over what later tasks read all the same. */
  readonly doubt?: Unknown
  /** The module will not go on; nothing was changed by this plan. */
  readonly refusal?: Refusal
  readonly warnings: readonly string[]
}

export interface Settle {
  /** "the container is starting" */
  readonly why: string
  /** Seconds from the first time that the task waits. */
  readonly timeout: number
  /** What a person can do when that was not long enough. */
  readonly hint?: string
}

export interface Diff {
  /** What is compared: a path, `package dkms`, ... */
  readonly title: string
  readonly before: string
  readonly after: string
}

export interface Refusal {
  readonly code: string
  readonly message: string
  readonly hint?: string
  readonly findings?: readonly Finding[]
  /** Otherwise the task's, the role's or the module's own. */
  readonly exitCode?: ExitCode
}

/** One thing that is wrong, for reports such as those of `verify`. */
export interface Finding {
  readonly message: string
  readonly cause?: string
  /** The line of a file that is meant. */
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

/** Carry these out, in order; `undefined` entries are left out, so that a plan reads as a list of conditions. */
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
  return { ...nothing, settle: { why, timeout, ...given({ hint }) } }
}

export function refuse(refusal: Refusal): Plan {
  return { ...nothing, refusal }
}
