/** One item of one task during a run: its arguments, queued actions and progress. */
import type { ExitCode, Problem } from '../base/errors.ts'
import type { TaskRef } from '../events/events.ts'
import type { Action } from '../host/action.ts'
import type { Diff, Finding, Plan } from '../host/plan.ts'
import type { Expectation } from '../host/expectation.ts'
import type { ResourcePattern } from '../host/resource.ts'
import type { Task } from '../language/model.ts'
import type { Module, Reply } from '../modules/module.ts'
import { planOfJob, type TaskJob } from './async-jobs.ts'
import type { Item } from './items.ts'
import { withoutLoss } from './lossy-writes.ts'
import type { Ready } from './prepare.ts'
import type { TimeLimit } from './time-limit.ts'
import { restricted } from './secret-files.ts'
import { ofTask } from './unforeseen.ts'

/** The answer of one probe, and the resources that it read. */
export interface Reading {
  readonly seen: unknown
  /** By machine and resource. The host refuses actions if these have changed meanwhile. */
  readonly touched: ReadonlyMap<string, Expectation>
  /** True if part of it is a prediction instead of an answer of the host. */
  readonly rests: boolean
}

/** A queued action, with its plan and the reading of that plan. */
export interface Planned {
  readonly action: Action
  readonly plan: Plan
  readonly reading: Reading
}

export interface UnitOptions {
  /** Stays the same when the same item of the same task is planned again. */
  readonly key: string
  /** Of the item in its loop, from 0. */
  readonly position: number
  readonly task: Task
  readonly ref: TaskRef
  readonly module: Module
  readonly item: Item
  readonly ready: Ready
  readonly progress: Progress
  /** A reading from before that is still valid. */
  readonly early?: Reading | undefined
  /** For `async`. */
  readonly job?: TaskJob | undefined
}

export class Unit {
  readonly key: string
  readonly position: number
  readonly task: Task
  readonly ref: TaskRef
  readonly module: Module
  readonly item: Item
  readonly ready: Ready
  readonly progress: Progress
  /** Set if its program runs as a job. */
  readonly job: TaskJob | undefined
  /** Actions to send, in order. Emptied when they are sent. */
  queued: readonly Planned[] = []
  /** Dry runs only: the actions that a run would or may carry out. */
  foreseen: readonly Planned[] = []
  /** The last reading. It is based on a prediction if actions are queued. */
  reading: Reading | undefined
  /** The time that is left for this attempt; undefined without a limit. */
  limit: TimeLimit | undefined
  #early: Reading | undefined

  constructor(options: UnitOptions) {
    this.key = options.key
    this.position = options.position
    this.#early = options.early
    this.task = options.task
    this.ref = options.ref
    this.module = options.module
    this.item = options.item
    this.ready = options.ready
    this.progress = options.progress
    this.job = options.job
  }

  /** Returns the early reading, once. */
  takeEarly(): Reading | undefined {
    const early = this.#early
    this.#early = undefined
    return early
  }

  /** True if the plan of the module is carried out once, whatever its result. */
  get imperative(): boolean {
    return this.module.imperative?.(this.ready.args) === true
  }

  /**
   * True if conditions judge its result, or its time is limited. Its actions are sent separately: their result
   * must be known, and the time of others does not count.
   */
  get alone(): boolean {
    const { until, failedWhen, changedWhen, loop, timeout, async } = this.task
    return [until, failedWhen, changedWhen, loop?.breakWhen, timeout, async].some(
      (given) => given !== undefined,
    )
  }

  /** @throws HostError if the module fails on the reading; UnknownError */
  plan(reading: Reading): Plan {
    try {
      const plan = withoutLoss(this.module.plan(this.ready.args, reading.seen), reading)
      return planOfJob(restricted(plan, this.ready, reading), this.job, this.task)
    } catch (error) {
      throw ofTask(error, this.task)
    }
  }
}

export interface TaskFailure {
  readonly problem: Problem
  readonly findings: readonly Finding[]
  readonly exitCode: ExitCode | undefined
}

interface Done {
  readonly labels: readonly string[]
  readonly diffs: readonly Diff[]
  readonly warnings: readonly string[]
  readonly replies: readonly Reply[]
}

/** The end of a unit. In a window that is not sent yet, its predicted end. */
export type Converged = Done &
  (
    | { readonly kind: 'ok' | 'changed'; readonly seen: unknown; readonly seenWhy: string | undefined }
    | { readonly kind: 'unknown'; readonly why: string }
    | {
        readonly kind: 'failed'
        readonly failure: TaskFailure
        readonly changed: boolean
        /** The reading of the plan that refused; undefined for every other failure. */
        readonly seen: unknown
      }
    | { readonly kind: 'unreachable'; readonly problem: Problem }
  )

/** The progress of a unit. It survives replanning of the unit. */
export class Progress {
  readonly labels: string[] = []
  readonly replies: Reply[] = []
  readonly #plans = new Set<Plan>()
  readonly #warnings = new Set<string>()
  #planned: readonly string[] = []
  /** Labels of actions that may or may not have been carried out. */
  lost: readonly string[] = []
  /** True once actions may have reached the host. */
  sent = false
  /** Number of restarts after the host changed or the connection dropped. */
  restarts = 0

  warn(warnings: readonly string[]): void {
    for (const warning of warnings) this.#warnings.add(warning)
  }

  /**
   * Takes over the warnings of a new plan. Those of the plan before it go, unless one of its actions was started:
   * it may have been made on a prediction that did not come true.
   */
  planned({ warnings }: Plan): void {
    this.#planned = warnings
  }

  /** Keeps the warnings of a plan of which an action was started. */
  began({ warnings }: Plan): void {
    this.warn(warnings)
  }

  did(label: string, plan: Plan, reply: Reply | undefined): void {
    this.began(plan)
    this.labels.push(label)
    this.#plans.add(plan)
    if (reply !== undefined) this.replies.push(reply)
  }

  /** Compares lost actions with a new plan. Those that it no longer contains were carried out. */
  found(left: readonly string[]): void {
    const happened = this.lost.filter((label) => !left.includes(label))
    this.labels.push(...happened)
    this.lost = []
  }

  finish<T>(result: T): T & Done {
    return {
      ...result,
      labels: [...this.labels],
      diffs: [...this.#plans].flatMap((plan) => plan.diffs),
      replies: [...this.replies],
      warnings: [...new Set([...this.#warnings, ...this.#planned])],
    }
  }

  fail(failure: TaskFailure, seen?: unknown): Converged {
    return this.finish({ kind: 'failed' as const, failure, changed: this.labels.length > 0, seen })
  }
}

/** Returns the resources that a task may change, as far as its arguments show. */
export function mayChange(module: Module, args: unknown): readonly ResourcePattern[] {
  const given = typeof args === 'object' && args !== null ? { ...args } : {}
  return module.mayChange?.(given) ?? []
}
