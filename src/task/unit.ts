/** One item of one task on its way through a run: what was prepared, what is planned and not sent yet, and what has been done. */
import type { ExitCode, Problem } from '../base/errors.ts'
import type { TaskRef } from '../events/events.ts'
import type { Action } from '../host/action.ts'
import type { Diff, Finding, Plan } from '../host/plan.ts'
import type { Expectation } from '../host/expectation.ts'
import type { ResourcePattern } from '../host/resource.ts'
import type { Task } from '../language/model.ts'
import type { Module, Reply } from '../modules/module.ts'
import type { Item } from './items.ts'
import type { Ready } from './prepare.ts'
import { ofTask } from './unforeseen.ts'

/** What one probe saw, and what it looked at to see it. */
export interface Reading {
  readonly seen: unknown
  /** By machine and resource: actions are refused on the host when these have changed meanwhile. */
  readonly touched: ReadonlyMap<string, Expectation>
  /** Part of it is a prediction, not an answer of the host. */
  readonly rests: boolean
}

/** An action that waits to be sent, with the plan that it belongs to and what that plan had seen. */
export interface Planned {
  readonly action: Action
  readonly plan: Plan
  readonly reading: Reading
}

export interface UnitOptions {
  /** The same whenever the same item of the same task is planned again. */
  readonly key: string
  readonly task: Task
  readonly ref: TaskRef
  readonly module: Module
  readonly item: Item
  readonly ready: Ready
  readonly progress: Progress
  /** What was read ahead and still holds. */
  readonly early?: Reading | undefined
}

export class Unit {
  readonly key: string
  readonly task: Task
  readonly ref: TaskRef
  readonly module: Module
  readonly item: Item
  readonly ready: Ready
  readonly progress: Progress
  /** In order; emptied when they are sent. */
  queued: readonly Planned[] = []
  /** The last one; over a prediction where something is queued. */
  reading: Reading | undefined
  #early: Reading | undefined

  constructor(options: UnitOptions) {
    this.key = options.key
    this.#early = options.early
    this.task = options.task
    this.ref = options.ref
    this.module = options.module
    this.item = options.item
    this.ready = options.ready
    this.progress = options.progress
  }

  /** What was read ahead, once. */
  takeEarly(): Reading | undefined {
    const early = this.#early
    this.#early = undefined
    return early
  }

  /** The module's plan is carried out once, whatever comes of it. */
  get imperative(): boolean {
    return this.module.imperative?.(this.ready.args) === true
  }

  /** What its conditions judge is known only when it was carried out, so its actions are sent by themselves. */
  get alone(): boolean {
    const { until, failedWhen, changedWhen } = this.task
    return until !== undefined || failedWhen !== undefined || changedWhen !== undefined
  }

  /** @throws HostError when the module fails at what was read; UnknownError */
  plan(reading: Reading): Plan {
    try {
      return this.module.plan(this.ready.args, reading.seen)
    } catch (error) {
      throw ofTask(error, this.task)
    }
  }
}

export interface Failure {
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

/** How a unit ended; in a window that is not sent yet: how it will end if the host does as it was said. */
export type Converged = Done &
  (
    | { readonly kind: 'ok' | 'changed'; readonly seen: unknown; readonly seenWhy: string | undefined }
    | { readonly kind: 'unknown'; readonly why: string }
    | {
        readonly kind: 'failed'
        readonly failure: Failure
        readonly changed: boolean
        /** What the plan that refused had seen; undefined for every other failure. */
        readonly seen: unknown
      }
    | { readonly kind: 'unreachable'; readonly problem: Problem }
  )

/** What has been done for a unit so far. It outlives the unit when that is planned again. */
export class Progress {
  readonly labels: string[] = []
  readonly replies: Reply[] = []
  readonly #plans = new Set<Plan>()
  readonly #warnings = new Set<string>()
  /** Labels of actions of which nobody knows whether they were carried out. */
  lost: readonly string[] = []
  /** How often it began again because something else changed the host, or because the connection dropped. */
  restarts = 0

  warn(warnings: readonly string[]): void {
    for (const warning of warnings) this.#warnings.add(warning)
  }

  did(label: string, plan: Plan, reply: Reply | undefined): void {
    this.labels.push(label)
    this.#plans.add(plan)
    if (reply !== undefined) this.replies.push(reply)
  }

  /** A plan says what is still to be done; of what was lost, the rest has happened. */
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
      warnings: [...this.#warnings],
    }
  }

  fail(failure: Failure, seen?: unknown): Converged {
    return this.finish({ kind: 'failed' as const, failure, changed: this.labels.length > 0, seen })
  }
}

/** What a task may change of which a dry run does not know more than these arguments. */
export function mayChange(module: Module, args: unknown): readonly ResourcePattern[] {
  const given = typeof args === 'object' && args !== null ? { ...args } : {}
  return module.mayChange?.(given) ?? []
}
