/**
 * Tasks of one host in their order. Each is planned over what those before it will leave behind; what they will have ended with is taken as known until
 * they have been sent, and where one ends otherwise, those behind it are planned again. People see tasks in their order, each once its outcome is known.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Task } from '../language/model.ts'
import { type Item, itemsOf } from './items.ts'
import { attempt } from './attempt.ts'
import type { Stage } from './stage.ts'
import type { TaskContext } from './context.ts'
import {
  failedItem,
  type ItemResult,
  skippedItem,
  taskResult,
  type TaskResult,
  unknownItem,
} from './item-result.ts'
import { judgedItem } from './judged.ts'
import { Narrator } from './narrator.ts'
import { type PreparedItem, prepareItem, type Ready } from './prepare.ts'
import type { Preparing } from './preparing.ts'
import type { Ahead, ReadAhead } from './read-ahead.ts'
import { TaskRun } from './task-run.ts'
import { type Converged, mayChange, type Planned, Progress, type Reading, type Unit } from './unit.ts'
import type { Window } from './window.ts'
import type { WindowOwner } from './window-host.ts'

export interface SequenceOptions {
  readonly tasks: readonly Task[]
  readonly context: TaskContext
  /** Undefined: everything is planned when its turn comes. */
  readonly readAhead: ReadAhead | undefined
  /** No new tasks. */
  readonly stopped: () => boolean
  /** A task has ended and was told; `stop` ends the sequence. */
  readonly finished: (task: Task, result: TaskResult) => 'next' | 'stop'
}

/** One item as it is foreseen; without a result: the end of a loop over nothing. */
interface Expected {
  readonly run: TaskRun
  readonly unit: Unit | undefined
  readonly converged: Converged | undefined
  readonly result: ItemResult | undefined
}

/** A fact that rests on what is not sent yet. */
class FlushFirst extends Error {}

export class Sequence implements WindowOwner {
  readonly #options: SequenceOptions
  readonly #stage: Stage
  readonly #window: Window | undefined
  #index = 0
  #over = false
  /** Begun and not ended, in order. */
  #runs: TaskRun[] = []
  #expected: Expected[] = []
  readonly #progress = new Map<string, Progress>()
  readonly #narrator: Narrator

  constructor(
    options: SequenceOptions,
    stage: (owner: WindowOwner) => { stage: Stage; window: Window | undefined },
  ) {
    this.#options = options
    this.#narrator = new Narrator(options.context)
    const made = stage(this)
    this.#stage = made.stage
    this.#window = made.window
  }

  async run(): Promise<void> {
    const { signal } = this.#options.context.run
    for (;;) {
      if (this.#over) return
      if (signal.aborted || this.#options.stopped()) {
        this.#window?.drop()
        return
      }
      const run = this.#current()
      if (run !== undefined) await this.#advance(run)
      else if (this.#window?.waiting === true) await this.#flush()
      else return
    }
  }

  #current(): TaskRun | undefined {
    const task = this.#options.tasks[this.#index]
    if (task === undefined) return undefined
    const last = this.#runs.at(-1)
    if (last?.index === this.#index) return last
    const { context } = this.#options
    const run = new TaskRun(this.#index, task, context.ref(task), context.run.world.clock())
    this.#runs.push(run)
    return run
  }

  get #waiting(): boolean {
    return this.#window?.waiting === true
  }

  /** Takes the next item of a task as far as it can be foreseen. */
  async #advance(run: TaskRun): Promise<void> {
    if (!this.#waiting) this.#narrator.announce(run)
    try {
      const ahead = this.#waiting ? undefined : await this.#ahead(run)
      const preparing = this.#preparing()
      run.items ??= ahead?.items ?? (await itemsOf(run.task, preparing))
      const { items } = run
      const module = this.#options.context.arguments.module(run.task.module)
      if (items.kind !== 'items') {
        if (this.#waiting) return await this.#flush()
        if (items.kind === 'unknown') this.#leaveOpen(run, {})
        const result =
          items.kind === 'unknown'
            ? unknownItem(module, items.why)
            : failedItem(run.task, module, items.problem)
        return await this.#expect({ run, unit: undefined, converged: undefined, result })
      }
      const at = run.foreseen
      const item = items.items[at]
      if (item === undefined)
        return await this.#expect({ run, unit: undefined, converged: undefined, result: undefined })
      const early = ahead?.holds() === true ? ahead.prepared[at] : undefined
      const prepared = early?.prepared ?? (await prepareItem(run.task, item, preparing))
      await this.#item(run, item, { prepared, reading: early?.reading })
    } catch (error) {
      if (!(error instanceof FlushFirst)) throw error
      if (run.foreseen === 0) run.items = undefined
      await this.#flush()
    }
  }

  async #ahead(run: TaskRun): Promise<Ahead | undefined> {
    if (run.foreseen > 0) return run.ahead
    run.ahead = await this.#options.readAhead?.take(run.task, this.#options.tasks.slice(this.#index + 1))
    return run.ahead
  }

  async #item(
    run: TaskRun,
    item: Item,
    { prepared, reading }: { readonly prepared: PreparedItem; readonly reading: Reading | undefined },
  ): Promise<void> {
    const { context } = this.#options
    const module = context.arguments.module(run.task.module)
    if (prepared.kind === 'ready') return this.#unit(run, item, { ready: prepared, reading })
    if (prepared.kind !== 'skipped' && this.#waiting) return this.#flush()
    if (prepared.kind === 'unknown') this.#leaveOpen(run, prepared.args)
    const result =
      prepared.kind === 'skipped'
        ? skippedItem(prepared.why)
        : prepared.kind === 'unknown'
          ? unknownItem(module, prepared.why)
          : failedItem(run.task, module, prepared.problem)
    await this.#expect({ run, unit: undefined, converged: undefined, result })
  }

  /** In a dry run: whatever the task may change is unknown from here on. */
  #leaveOpen({ task }: TaskRun, args: Readonly<Record<string, unknown>>): void {
    const { arguments: known, run } = this.#options.context
    if (!run.check) return
    const why = `what "${task.name}" changes only the run can show`
    this.#stage.mayChange(mayChange(known.module(task.module), args), why)
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
      window: this.#window,
      preparing: this.#preparing(),
      narrator: this.#narrator,
      progress: this.#progressOf(key),
    })
    if (attempted.kind === 'moved') return
    if (attempted.kind === 'flush') return this.#flush()
    await this.#expect({ run, ...attempted })
  }

  #progressOf(key: string): Progress {
    const known = this.#progress.get(key)
    if (known) return known
    const fresh = new Progress()
    this.#progress.set(key, fresh)
    return fresh
  }

  #preparing(): Preparing {
    const { context } = this.#options
    const { fleet } = context.run
    return {
      context,
      reads: new Set(),
      readFact: async (fact) => {
        if (this.#waiting && fact.host === context.host.machine.name) throw new FlushFirst()
        await fleet.readFact(fact)
      },
    }
  }

  async #flush(): Promise<void> {
    await this.#window?.flush()
  }

  /** An item is planned to its end; it is settled at once when nothing waits. */
  async #expect(expected: Expected): Promise<void> {
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
      this.#window !== undefined &&
      (this.#waiting || unit.queued.length > 0)
    ) {
      if (last) this.#foresee(run)
      await this.#window.add(unit, converged)
      return
    }
    if (this.#waiting) {
      if (last) this.#foresee(run)
      return
    }
    await this.#settleNext()
  }

  /** Later tasks see what this one will have ended with. */
  #foresee(run: TaskRun): void {
    const { items } = run
    if (items === undefined) return
    const result = taskResult(run.task, items, [...run.results, ...run.planned])
    run.register(result, this.#options.context.host.variables)
    this.#index = run.index + 1
  }

  /** Of the window: what follows the last unit needed nothing of the host. */
  async drained(): Promise<'next' | 'moved'> {
    while (this.#expected.length > 0) if ((await this.#settleNext()) === 'moved') return 'moved'
    return 'next'
  }

  /** Of the window: the unit is done, and this is how it ended. */
  async settle(unit: Unit, converged: Converged): Promise<'next' | 'moved'> {
    while (this.#expected[0] !== undefined && this.#expected[0].unit !== unit)
      if ((await this.#settleNext()) === 'moved') return 'moved'
    return this.#settleNext(converged)
  }

  async #settleNext(converged?: Converged): Promise<'next' | 'moved'> {
    const next = this.#expected.shift()
    if (next === undefined) return 'next'
    const { run, unit } = next
    this.#narrator.announce(run)
    if (next.result !== undefined) {
      run.planned.shift()
      const otherwise = unit !== undefined && converged !== undefined && converged !== next.converged
      const result = otherwise ? await judgedItem(unit, converged, this.#preparing()) : next.result
      this.#narrator.item(run, unit, { converged: converged ?? next.converged, result })
      run.results.push(result)
      if (unit !== undefined) this.#progress.delete(unit.key)
    }
    return run.whole ? this.#finish(run) : 'next'
  }

  #finish(run: TaskRun): 'next' | 'moved' {
    const { finished } = this.#options
    const { task, items } = run
    if (items === undefined) throw new Error('a task ended without items')
    const result = taskResult(task, items, run.results)
    const foreseen = run.registered
    run.register(result, this.#options.context.host.variables)
    this.#runs = this.#runs.filter((other) => other !== run)
    const after = this.#index > run.index
    this.#index = Math.max(this.#index, run.index + 1)
    this.#narrator.task(run, result)
    if (finished(task, result) === 'stop') {
      this.#over = true
      this.#window?.drop()
      return 'moved'
    }
    // What follows was planned on another result than this one, or on none.
    if (after && (result.outcome === 'failed' || !isDeepStrictEqual(foreseen, run.registered))) {
      this.#goBack(run.index + 1)
      return 'moved'
    }
    return 'next'
  }

  /** Of the window: what follows is planned again from this unit on, with what was done for it kept. */
  async goBackTo(unit: Unit): Promise<void> {
    while (this.#expected[0] !== undefined && this.#expected[0].unit !== unit)
      if ((await this.#settleNext()) === 'moved') return
    const [first] = this.#expected
    if (first !== undefined) this.#goBack(first.run.index)
  }

  #goBack(index: number): void {
    this.#window?.drop()
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

  /** Of the window: an action was carried out. Only those of the first unit are told at once; the rest waits for its turn. */
  acted(unit: Unit, planned: Planned, milliseconds: number): void {
    const first = this.#expected.find((expected) => expected.unit !== undefined)?.unit ?? unit
    this.#narrator.acted(unit, planned, { milliseconds, now: first === unit })
  }

  sending(): void {
    const [first] = this.#expected
    const run = first?.run ?? this.#runs.at(-1)
    if (run !== undefined) this.#narrator.announce(run)
  }
}

function keyOf(run: TaskRun): string {
  return `${run.index}/${run.foreseen}`
}
