/**
 * Tasks of one host in their order. Each is planned over what those before it will leave behind; what they will have ended with is taken as known until
 * they have been sent, and where one ends otherwise, those behind it are planned again. People see tasks in their order, each once its outcome is known.
 */
import { isDeepStrictEqual } from 'node:util'
import type { EventBody } from '../events/events.ts'
import { labelOf } from '../host/label.ts'
import type { Task } from '../language/model.ts'
import { type Item, itemsOf } from './items.ts'
import { converge, type Stage } from './converge.ts'
import type { TaskContext } from './context.ts'
import {
  failedItem,
  type ItemResult,
  skippedItem,
  taskResult,
  type TaskResult,
  unknownItem,
} from './item-result.ts'
import { judgedItem, untilNotMet } from './judged.ts'
import { type PreparedItem, prepareItem, type Ready } from './prepare.ts'
import { firstProblem, type Preparing } from './preparing.ts'
import type { Ahead, ReadAhead } from './read-ahead.ts'
import { hidden } from './task-detail.ts'
import { TaskRun } from './task-run.ts'
import { type Converged, type Planned, Progress, type Reading, Unit } from './unit.ts'
import { judge } from './verdicts.ts'
import type { Window, WindowOwner } from './window.ts'

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
  readonly #announced = new Set<number>()
  /** Events of actions whose task's turn has not come, by unit. */
  readonly #held = new Map<string, EventBody[]>()

  constructor(
    options: SequenceOptions,
    stage: (owner: WindowOwner) => { stage: Stage; window: Window | undefined },
  ) {
    this.#options = options
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
    if (!this.#waiting) this.#announce(run)
    try {
      const ahead = this.#waiting ? undefined : await this.#ahead(run)
      const preparing = this.#preparing()
      run.items ??= ahead?.items ?? (await itemsOf(run.task, preparing))
      const { items } = run
      const module = this.#options.context.arguments.module(run.task.module)
      if (items.kind !== 'items') {
        if (this.#waiting) return await this.#flush()
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
    const result =
      prepared.kind === 'skipped'
        ? skippedItem(prepared.why)
        : prepared.kind === 'unknown'
          ? unknownItem(module, prepared.why)
          : failedItem(run.task, module, prepared.problem)
    await this.#expect({ run, unit: undefined, converged: undefined, result })
  }

  async #unit(
    run: TaskRun,
    item: Item,
    { ready, reading }: { readonly ready: Ready; readonly reading: Reading | undefined },
  ): Promise<void> {
    const { context } = this.#options
    const { task, ref } = run
    const module = context.arguments.module(task.module)
    let early = reading
    for (let attempt = 0; ; attempt += 1) {
      const key = keyOf(run)
      const unit = new Unit({ key, task, ref, module, item, ready, early, progress: this.#progressOf(key) })
      early = undefined
      if (this.#window?.refuses(unit) === true) return this.#flush()
      const converged = await converge(unit, this.#stage)
      if (converged === undefined) return
      const judged = await judgedItem(unit, converged, this.#preparing())
      const result =
        task.until === undefined ? judged : { ...judged, result: { ...judged.result, attempts: attempt + 1 } }
      // It is judged again when what it rests on has been done.
      if (this.#waiting && isOpen(result)) return this.#flush()
      const end = await this.#until(run, unit, { result, attempt })
      if (end === 'again') {
        this.#progress.delete(key)
        continue
      }
      return this.#expect({ run, unit, converged: end === result ? converged : undefined, result: end })
    }
  }

  /** `until`: again, up to `retries` times, as long as it is false. */
  async #until(
    run: TaskRun,
    { item, module }: Unit,
    { result, attempt }: { readonly result: ItemResult; readonly attempt: number },
  ): Promise<ItemResult | 'again'> {
    const { task, ref } = run
    const { context } = this.#options
    if (task.until === undefined || result.outcome === 'unreachable' || context.run.check) return result
    try {
      const met = await judge(task.until, task, { item, result: result.result, preparing: this.#preparing() })
      if (met === true) return result
    } catch (error) {
      return failedItem(task, module, firstProblem(error))
    }
    if (attempt >= task.retries)
      return result.outcome === 'failed'
        ? result
        : untilNotMet(task, module, { result: result.result, attempt })
    context.run.emitter.emit({
      type: 'task.progress',
      host: context.host.machine.name,
      task: ref,
      message: `try ${attempt + 1} of ${task.retries + 1} was not enough; again in ${task.delay} s`,
    })
    await this.#stage.wait(task.delay)
    return 'again'
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
    this.#register(run, result)
    this.#index = run.index + 1
  }

  #register(run: TaskRun, { result, outcome }: TaskResult): void {
    const { variables } = this.#options.context.host
    run.takeBack()
    if (run.task.register !== undefined) {
      run.registered = result
      run.undo.push(variables.register(run.task.register, result))
    }
    if (outcome === 'failed' || outcome === 'skipped' || outcome === 'unreachable') return
    for (const { facts = {} } of [...run.results, ...run.planned]) {
      for (const [name, value] of Object.entries(facts)) run.undo.push(variables.register(name, value))
    }
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
    this.#announce(run)
    if (next.result !== undefined) {
      run.planned.shift()
      const otherwise = unit !== undefined && converged !== undefined && converged !== next.converged
      const result = otherwise ? await judgedItem(unit, converged, this.#preparing()) : next.result
      this.#tell(next, converged ?? next.converged, result)
      run.results.push(result)
      if (unit !== undefined) this.#progress.delete(unit.key)
    }
    return run.whole ? this.#finish(run) : 'next'
  }

  /** Events of one item. */
  #tell({ run, unit }: Expected, converged: Converged | undefined, { outcome, detail }: ItemResult): void {
    const { task, ref, items } = run
    const { context } = this.#options
    const { emitter } = context.run
    const host = context.host.machine.name
    if (unit !== undefined) {
      for (const event of this.#held.get(unit.key) ?? []) emitter.emit(event)
      this.#held.delete(unit.key)
      for (const message of converged?.warnings ?? [])
        emitter.emit({ type: 'warning', host, task: ref, message })
      const seen = converged !== undefined && 'seen' in converged ? converged.seen : undefined
      const rows = seen === undefined ? [] : (unit.module.row?.(unit.ready.args, seen) ?? [])
      for (const row of [rows].flat()) context.addRow(row)
    }
    if (items?.kind !== 'items' || !items.loop) return
    const item = task.noLog ? '(hidden)' : (items.items[run.results.length]?.label ?? '')
    emitter.emit({
      type: 'item.finished',
      host,
      task: ref,
      item,
      outcome,
      detail: task.noLog ? hidden(detail) : detail,
    })
  }

  #finish(run: TaskRun): 'next' | 'moved' {
    const { context, finished } = this.#options
    const { clock } = context.run.world
    const { task, ref, items } = run
    if (items === undefined) throw new Error('a task ended without items')
    const result = taskResult(task, items, run.results)
    const foreseen = run.registered
    this.#register(run, result)
    this.#runs = this.#runs.filter((other) => other !== run)
    const after = this.#index > run.index
    this.#index = Math.max(this.#index, run.index + 1)
    context.run.emitter.emit({
      type: 'task.finished',
      host: context.host.machine.name,
      task: ref,
      outcome: result.outcome,
      ...(result.ignored ? { ignored: true } : {}),
      detail: result.detail,
      milliseconds: Math.round(clock() - run.started),
    })
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
  acted(unit: Unit, { action }: Planned, milliseconds: number): void {
    const { context } = this.#options
    const { machine } = context.host
    const event: EventBody = {
      type: 'action.finished',
      host: machine.name,
      task: unit.ref,
      on: action.on === 'node' && machine.node ? machine.node.name : machine.name,
      kind: action.kind,
      label: labelOf(action),
      milliseconds: Math.round(milliseconds),
    }
    const first = this.#expected.find((expected) => expected.unit !== undefined)?.unit ?? unit
    if (first === unit) context.run.emitter.emit(event)
    else this.#held.set(unit.key, [...(this.#held.get(unit.key) ?? []), event])
  }

  sending(): void {
    const [first] = this.#expected
    const run = first?.run ?? this.#runs.at(-1)
    if (run !== undefined) this.#announce(run)
  }

  #announce({ index, ref }: TaskRun): void {
    if (this.#announced.has(index)) return
    this.#announced.add(index)
    const { context } = this.#options
    context.run.emitter.emit({ type: 'task.started', host: context.host.machine.name, task: ref })
  }
}

function keyOf(run: TaskRun): string {
  return `${run.index}/${run.foreseen}`
}

function isOpen({ outcome }: ItemResult): boolean {
  return outcome === 'failed' || outcome === 'unreachable' || outcome === 'unknown'
}
