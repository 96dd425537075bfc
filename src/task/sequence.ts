/**
 * Runs the tasks of one host in order. Each task is planned on the predicted effects and results of the tasks
 * before it. If a result differs from its prediction, later tasks are planned again. Events report tasks in
 * order, each once its outcome is known.
 */
import { type Problem, UnreachableError } from '../base/errors.ts'
import type { Task } from '../language/model.ts'
import { explainItem } from './explain-item.ts'
import { leaveInventoryOpen } from './inventory-changes.ts'
import { type Item, itemsOf, oneItem } from './items.ts'
import { attempt } from './attempt.ts'
import { type MakeTaskPlace, TaskPlaces } from './task-places.ts'
import type { Stage } from './stage.ts'
import type { TaskContext } from './task-context.ts'
import {
  failedItem,
  includedItem,
  resultElsewhere,
  skippedItem,
  type TaskResult,
  unknownItem,
  unreachableItem,
} from './item-result.ts'
import { recordItem } from './item-changes.ts'
import { type Expected, Ledger } from './ledger.ts'
import { afterItem, beforeItem } from './loop-control.ts'
import { Narrator } from './narrator.ts'
import { type PreparedItem, prepareItem, type Ready } from './prepare.ts'
import { type Preparing, readFactFor } from './preparing.ts'
import { type Ahead, type ReadAhead, startsLate } from './read-ahead.ts'
import { startsWithOthers, startTogether } from './start-together.ts'
import type { TaskRun } from './task-run.ts'
import { mayChange, type Reading } from './unit.ts'

export interface SequenceOptions {
  readonly tasks: readonly Task[]
  readonly context: TaskContext
  /** Undefined: each task is read and planned when it starts. */
  readonly readAhead: ReadAhead | undefined
  /** Why the host cannot be reached: the first task is unreachable. */
  readonly lost: Problem | undefined
  /** A failure of these tasks is followed by the `rescue` of a block. */
  readonly rescued: boolean
  /** Tasks that are likely to run next: they are read ahead too. */
  readonly following: readonly Task[]
  /** True if no new task may start. */
  readonly stopped: () => boolean
  /** Called after a task has finished and was reported; `stop` ends the sequence. */
  readonly finished: (task: Task, result: TaskResult) => 'next' | 'stop'
}

/** A fact depends on actions that are not sent yet. */
class FlushFirst extends Error {}

export class Sequence {
  readonly #options: SequenceOptions
  readonly #places: TaskPlaces
  readonly #narrator: Narrator
  readonly #ledger: Ledger
  #last: TaskRun | undefined
  /** Why the host cannot be reached, until a task has reported it. */
  #lost: Problem | undefined

  constructor(options: SequenceOptions, makePlace: MakeTaskPlace) {
    const { tasks, context, finished, rescued, lost } = options
    this.#lost = lost
    this.#options = options
    this.#narrator = new Narrator(context, rescued)
    this.#ledger = new Ledger({
      tasks,
      context,
      finished,
      narrator: this.#narrator,
      preparing: () => this.#preparing(),
      // Actions on another host say nothing about this one.
      readBehind: (behind, unit) => {
        if (this.#places.delegate === undefined) options.readAhead?.behind(behind, unit)
      },
      sending: () => {
        this.#places.sent = true
      },
    })
    this.#places = new TaskPlaces((delegate) => makePlace(this.#ledger, delegate))
    this.#ledger.window = this.#places.window
  }

  get #stage(): Stage {
    return this.#places.stage
  }

  async run(): Promise<void> {
    try {
      await this.#run()
    } finally {
      this.#places.window?.settled()
      this.#last?.leave?.()
    }
  }

  async #run(): Promise<void> {
    const { signal } = this.#options.context.run
    for (;;) {
      this.#places.window?.settled()
      if (this.#ledger.over) return
      if (signal.aborted || this.#options.stopped()) {
        this.#places.window?.drop()
        return
      }
      const run = this.#ledger.current()
      if (run !== undefined) await this.#advance(run)
      else if (this.#places.window?.waiting === true) await this.#flush()
      else return
    }
  }

  get #waiting(): boolean {
    return this.#places.waiting
  }

  /** Waits for the turn of this host at a task, with nothing waiting to be sent. True if the task is dealt with. */
  async #takesTurn(run: TaskRun): Promise<boolean> {
    if (this.#waiting) {
      await this.#flush()
      return true
    }
    const { context, stopped } = this.#options
    const started = await startTogether(run, { context, stopped, waited: () => this.#stage.waited() })
    if (started === 'run') return false
    if (started === 'stopped') return true
    run.items = oneItem(context.layers)
    const result = resultElsewhere(started)
    await this.#expect({ run, unit: undefined, converged: undefined, result })
    return true
  }

  /** Plans the next item of a task as far as it can be predicted. */
  async #advance(run: TaskRun): Promise<void> {
    // Other hosts wait for the result of a task that this host runs for them, or for their own turn.
    const before = this.#last
    const heldUp = before?.turn !== undefined || before?.leave !== undefined
    if (heldUp && before !== run && this.#waiting) return this.#flush()
    this.#last = run
    if (before !== run) before?.leave?.()
    const lost = this.#lost
    this.#lost = undefined
    if (lost !== undefined) return this.#unreachable(run, lost)
    if (startsWithOthers(run, this.#options.context) && (await this.#takesTurn(run))) return
    if (!this.#waiting) this.#narrator.announce(run)
    try {
      const ahead = this.#waiting ? undefined : await this.#ahead(run)
      const preparing = this.#preparing(run.doubt)
      run.items ??= ahead?.items ?? (await itemsOf(run.task, preparing))
      const { items } = run
      const module = this.#options.context.arguments.module(run.task.module)
      if (items.kind !== 'items') {
        if (this.#waiting) return await this.#flush()
        if (items.kind === 'unknown') this.#leaveOpen(run, {})
        const result =
          items.kind === 'unknown'
            ? unknownItem(run.task, module, items.why)
            : failedItem(run.task, module, items.problem)
        return await this.#expect({ run, unit: undefined, converged: undefined, result })
      }
      const at = run.foreseen
      const item = items.items[at]
      if (item === undefined)
        return await this.#expect({ run, unit: undefined, converged: undefined, result: undefined })
      const between = { stage: this.#stage, narrator: this.#narrator }
      if ((await beforeItem(run, between)) === 'flush') return await this.#flush()
      const early = run.doubt === undefined && ahead?.holds() === true ? ahead.prepared[at] : undefined
      const prepared = early?.prepared ?? (await prepareItem(run.task, item, preparing))
      await this.#item(run, item, { prepared, reading: early?.reading })
    } catch (error) {
      // The connection was lost while earlier tasks were sent: this task is not the one that failed.
      if (error instanceof UnreachableError && !this.#ledger.stranded)
        return this.#unreachable(run, error.problem)
      if (!(error instanceof FlushFirst)) throw error
      if (run.foreseen === 0) run.items = undefined
      await this.#flush()
    }
  }

  /** The host could not be reached for the facts that the task reads. */
  async #unreachable(run: TaskRun, problem: Problem): Promise<void> {
    if (this.#waiting) return this.#flush()
    run.items ??= { kind: 'failed', problem }
    await this.#expect({ run, unit: undefined, converged: undefined, result: unreachableItem(problem) })
  }

  async #ahead(run: TaskRun): Promise<Ahead | undefined> {
    if (run.foreseen > 0) return run.ahead
    if (startsLate(run.task)) return undefined
    const { readAhead, tasks, following } = this.#options
    run.ahead = await readAhead?.take(run.task, [...tasks.slice(run.index + 1), ...following])
    return run.ahead
  }

  async #item(
    run: TaskRun,
    item: Item,
    { prepared, reading }: { readonly prepared: PreparedItem; readonly reading: Reading | undefined },
  ): Promise<void> {
    const { context } = this.#options
    const module = context.arguments.module(run.task.module)
    if (prepared.kind === 'ready' && prepared.delegate !== this.#places.delegate) {
      if (this.#waiting) return this.#flush()
      this.#places.moveTo(prepared.delegate)
      this.#ledger.window = this.#places.window
    }
    if (prepared.kind === 'ready' && (await this.#mayRun(run)))
      return this.#unit(run, item, { ready: prepared, reading })
    if (prepared.kind !== 'skipped' && this.#waiting) return this.#flush()
    const included = prepared.kind === 'included' && (await this.#mayRun(run))
    if (prepared.kind === 'unknown') this.#leaveOpen(run, prepared.args)
    const ended =
      prepared.kind === 'included' && included
        ? includedItem(module, prepared.inclusion)
        : prepared.kind === 'ready' || prepared.kind === 'included'
          ? skippedItem('the answer was no (--step)')
          : prepared.kind === 'skipped'
            ? skippedItem(prepared.why)
            : prepared.kind === 'unknown'
              ? unknownItem(run.task, module, prepared.why)
              : failedItem(run.task, module, prepared.problem)
    const result = await afterItem(run, item, ended, this.#preparing())
    await this.#expect({ run, unit: undefined, converged: undefined, result }, { item, prepared })
  }

  /** Asks the user, with nothing waiting to be sent. Handlers are asked about before they start. */
  async #mayRun({ ref }: TaskRun): Promise<boolean> {
    const { gate, host } = this.#options.context
    return gate === undefined || ref.handler || (await gate(ref, host.machine.name))
  }

  /** Dry runs only: marks all that the task may change as unknown. */
  #leaveOpen({ task }: TaskRun, args: Readonly<Record<string, unknown>>): void {
    const { context } = this.#options
    if (!context.run.check) return
    const why = `a dry run cannot know what "${task.name}" changes`
    this.#stage.mayChange(mayChange(context.arguments.module(task.module), args), why)
    leaveInventoryOpen(task, args, { why, context })
  }

  async #unit(
    run: TaskRun,
    item: Item,
    { ready, reading }: { readonly ready: Ready; readonly reading: Reading | undefined },
  ): Promise<void> {
    const key = keyOf(run)
    const attempted = await attempt(run, item, {
      key,
      ready,
      reading,
      stage: this.#stage,
      window: this.#places.window,
      preparing: this.#preparing(),
      narrator: this.#narrator,
      progress: this.#ledger.progressOf(key),
    })
    if (attempted.kind === 'moved') return
    if (attempted.kind === 'flush') return this.#flush()
    const result = await afterItem(run, item, attempted.result, this.#preparing())
    await this.#expect({ run, ...attempted, result }, { item, prepared: ready })
  }

  /** Passes the end of an item on to all that want to know it. */
  async #expect(
    expected: Expected,
    about?: { readonly item: Item; readonly prepared: PreparedItem },
  ): Promise<void> {
    const { run, unit } = expected
    if (about !== undefined) await explainItem(run, { ...about, unit }, this.#preparing())
    recordItem(expected, about?.prepared, this.#options.context)
    await this.#ledger.expect(expected)
  }

  /** @param doubt Dry runs only: why it is unknown whether the item runs */
  #preparing(doubt?: string): Preparing {
    const given = this.#options.context
    const context = doubt === undefined ? given : { ...given, doubt }
    return {
      context,
      reads: new Set(),
      readFact: async (fact) => {
        if (this.#waiting && fact.host === context.host.machine.name) throw new FlushFirst()
        await readFactFor(context, fact)
      },
    }
  }

  async #flush(): Promise<void> {
    await this.#places.window?.flush()
  }
}

function keyOf(run: TaskRun): string {
  return `${run.index}/${run.foreseen}`
}
