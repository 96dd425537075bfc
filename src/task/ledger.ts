/**
 * Tracks the tasks of one host: started tasks, predicted results of their items, and real results. Settles
 * items in order. If a result differs from its prediction, drops the tasks after it and plans them again.
 */
import { isDeepStrictEqual } from 'node:util'
import type { HostName } from '../base/brand.ts'
import { revealAll } from '../base/secret.ts'
import type { HostVariables } from '../fleet/host-variables.ts'
import type { Task } from '../language/model.ts'
import type { TaskContext } from './task-context.ts'
import { type ItemResult, onceEnd, taskResult, type TaskResult } from './item-result.ts'
import { judgedItem } from './judged.ts'
import type { Narrator } from './narrator.ts'
import type { Preparing } from './preparing.ts'
import { printedSecrets, type Result } from './results.ts'
import { TaskRun } from './task-run.ts'
import { type Converged, type Planned, Progress, type Unit } from './unit.ts'
import type { Window } from './window.ts'
import type { OnWay, WindowOwner } from './window-host.ts'

/** The predicted end of one item. Without a result: the end of an empty loop. */
export interface Expected {
  readonly run: TaskRun
  readonly unit: Unit | undefined
  readonly converged: Converged | undefined
  readonly result: ItemResult | undefined
}

export interface LedgerOptions {
  readonly tasks: readonly Task[]
  readonly context: TaskContext
  readonly narrator: Narrator
  readonly preparing: () => Preparing
  /** Reads tasks after the actions in flight, as the user of this unit. */
  readonly readBehind: (tasks: readonly Task[], unit: Unit) => void
  /** Called before actions are sent. */
  readonly sending?: () => void
  /** Called after a task has finished and was reported; `stop` ends the sequence. */
  readonly finished: (task: Task, result: TaskResult) => 'next' | 'stop'
}

export class Ledger implements WindowOwner {
  readonly #options: LedgerOptions
  /** Undefined in a dry run. */
  window: Window | undefined
  #index = 0
  #over = false
  /** Unfinished tasks, in order. */
  #runs: TaskRun[] = []
  #expected: Expected[] = []
  readonly #progress = new Map<string, Progress>()

  constructor(options: LedgerOptions) {
    this.#options = options
  }

  /** True after a task returned `stop`. */
  get over(): boolean {
    return this.#over
  }

  /** Returns the task to plan next, or undefined at the end. */
  current(): TaskRun | undefined {
    const { tasks, context } = this.#options
    const task = tasks[this.#index]
    if (task === undefined) return undefined
    const last = this.#runs.at(-1)
    if (last?.index === this.#index) return last
    const run = new TaskRun(this.#index, task, context.ref(task), context.run.world.clock())
    this.#runs.push(run)
    return run
  }

  /** Returns the progress of the unit with this key. It survives replanning. */
  progressOf(key: string): Progress {
    const known = this.#progress.get(key)
    if (known) return known
    const fresh = new Progress()
    this.#progress.set(key, fresh)
    return fresh
  }

  get #waiting(): boolean {
    return this.window?.waiting === true
  }

  /** True if predicted ends of items are left that nothing will settle: the window was lost while it was sent. */
  get stranded(): boolean {
    return this.#expected.length > 0 && !this.#waiting
  }

  /** Records the predicted end of an item. Settles it at once if nothing waits. */
  async expect(expected: Expected): Promise<void> {
    const { run, unit, converged, result } = expected
    this.#expected.push(expected)
    if (result !== undefined) run.planned.push(result)
    const last =
      run.items?.kind !== 'items' ||
      run.foreseen >= run.items.items.length ||
      result?.outcome === 'unreachable'
    if (
      unit !== undefined &&
      converged !== undefined &&
      this.window !== undefined &&
      (this.#waiting || unit.queued.length > 0)
    ) {
      const failing = last && this.#foresee(run)
      await this.window.add(unit, converged)
      if (failing && this.#waiting) await this.window.flush()
      return
    }
    if (this.#waiting) {
      // Nothing after a failing task may be sent with it.
      if (last && this.#foresee(run)) await this.window?.flush()
      return
    }
    await this.#settleNext()
  }

  /** Registers the predicted result for later tasks. Returns true if the task will fail. */
  #foresee(run: TaskRun): boolean {
    const result = this.#register(run)
    if (result === undefined) return false
    this.#index = run.index + 1
    return result.outcome === 'failed' || result.outcome === 'unreachable'
  }

  /** Registers and returns the predicted result of the task. */
  #register(run: TaskRun): TaskResult | undefined {
    const { items } = run
    if (items === undefined) return undefined
    const result = taskResult(run.task, items, [...run.results, ...run.planned])
    run.register(result, (host) => this.#variablesOf(host))
    return result
  }

  /** Called by the window: settles the remaining items, which sent nothing. */
  async drained(): Promise<'next' | 'moved'> {
    while (this.#expected.length > 0) if ((await this.#settleNext()) === 'moved') return 'moved'
    return 'next'
  }

  /** Called by the window: settles the unit with its real end. */
  async settle(unit: Unit, converged: Converged): Promise<'next' | 'moved'> {
    while (this.#expected[0] !== undefined && this.#expected[0].unit !== unit)
      if ((await this.#settleNext()) === 'moved') return 'moved'
    return this.#settleNext(converged)
  }

  async #settleNext(converged?: Converged): Promise<'next' | 'moved'> {
    const next = this.#expected.shift()
    if (next === undefined) return 'next'
    const { run, unit } = next
    this.#options.narrator.announce(run)
    if (next.result !== undefined) {
      run.planned.shift()
      const otherwise = unit !== undefined && converged !== undefined && converged !== next.converged
      const result = otherwise ? await this.#judged(run, unit, converged) : next.result
      this.#options.narrator.item(run, unit, { converged: converged ?? next.converged, result })
      run.results.push(result)
      if (unit !== undefined) {
        run.sent ||= unit.progress.sent
        this.#progress.delete(unit.key)
      }
      // The later items were dropped with their window, and tasks planned after this one must not run.
      const bad = result.outcome === 'failed' || result.outcome === 'unreachable'
      if (bad && result !== next.result && !run.whole) {
        this.#goBack(run.index)
        return run.whole ? this.#finish(run) : 'moved'
      }
    }
    return run.whole ? this.#finish(run) : 'next'
  }

  /**
   * Judges the item with the variables that were registered before it. Withdraws predictions of later tasks
   * meanwhile.
   */
  async #judged(run: TaskRun, unit: Unit, converged: Converged): Promise<ItemResult> {
    const later = this.#runs.filter(({ index, undo }) => index > run.index && undo.length > 0)
    for (const other of [...later].reverse()) other.takeBack()
    try {
      return await judgedItem(unit, converged, this.#options.preparing())
    } finally {
      for (const other of later) this.#register(other)
    }
  }

  /** The variables of a host; by default those of the tasks' own host. */
  #variablesOf(name?: HostName): HostVariables {
    const { host, run } = this.#options.context
    return name === undefined ? host.variables : run.fleet.variables(name)
  }

  #finish(run: TaskRun): 'next' | 'moved' {
    const { finished } = this.#options
    const { task, items } = run
    if (items === undefined) throw new Error('a task ended without items')
    const result = taskResult(task, items, run.results)
    if (task.noLog)
      for (const secret of printedSecrets(result.result)) this.#options.context.run.secrets.add(secret)
    const foreseen = run.registered
    run.register(result, (host) => this.#variablesOf(host))
    this.#runs = this.#runs.filter((other) => other !== run)
    const after = this.#index > run.index
    this.#index = Math.max(this.#index, run.index + 1)
    if (run.turn?.kind === 'run') this.#options.context.once.ended(task, onceEnd(result, run.facts, run.sent))
    this.#options.narrator.task(run, result)
    if (finished(task, result) === 'stop') {
      this.#over = true
      this.window?.drop()
      return 'moved'
    }
    // Later tasks were planned on a different result, or on none.
    const bad = result.outcome === 'failed' || result.outcome === 'unreachable'
    if (after && (bad || !isSame(foreseen, run.registered))) {
      this.#goBack(run.index + 1)
      return 'moved'
    }
    return 'next'
  }

  /** Called by the window: plans everything from this unit on again. Progress is kept. */
  async goBackTo(unit: Unit): Promise<void> {
    while (this.#expected[0] !== undefined && this.#expected[0].unit !== unit)
      if ((await this.#settleNext()) === 'moved') return
    const [first] = this.#expected
    if (first !== undefined) this.#goBack(first.run.index)
  }

  #goBack(index: number): void {
    this.window?.drop()
    this.#expected = []
    for (const run of [...this.#runs].reverse()) {
      if (run.index < index) continue
      run.takeBack()
      run.planned.splice(0)
      if (run.results.length === 0) run.items = undefined
    }
    this.#runs = this.#runs.filter((run) => run.index <= index)
    this.#index = index
  }

  /**
   * Called by the window: reports an action at once if it belongs to the first unit, otherwise with its unit.
   */
  acted(unit: Unit, planned: Planned, milliseconds: number): void {
    const first = this.#expected.find((expected) => expected.unit !== undefined)?.unit ?? unit
    this.#options.narrator.acted(unit, planned, { milliseconds, now: first === unit })
  }

  sending(): void {
    this.#options.sending?.()
    const [first] = this.#expected
    const run = first?.run ?? this.#runs.at(-1)
    if (run !== undefined) this.#options.narrator.announce(run)
  }

  /** Reads the next tasks ahead, unless an unfinished task may still change the state that they depend on. */
  onWay({ first, current, last }: OnWay): void {
    const { tasks, readBehind } = this.#options
    const run = this.#runs.at(-1)
    const begun = run?.index === this.#index ? run : undefined
    if (current === undefined) {
      if ((begun?.foreseen ?? 0) === 0) readBehind(tasks.slice(this.#index), first)
    } else if (current === last && current.imperative && begun !== undefined && atLastItem(begun))
      readBehind(tasks.slice(this.#index + 1), first)
  }
}

/** Reveals secrets first, because Node considers any two secrets equal. */
function isSame(one: Result | undefined, other: Result | undefined): boolean {
  return isDeepStrictEqual(revealAll(one), revealAll(other))
}

function atLastItem({ items, foreseen }: TaskRun): boolean {
  return items?.kind === 'items' && foreseen + 1 === items.items.length
}
