/**
 * Runs tasks and blocks on one host.
 *
 * A failure in a block skips its other tasks and continues with `rescue`; if that succeeds, the failure is
 * none. `always` follows in any case. Tasks under `rescue` and `always` run to their end even if failures of
 * other hosts stop the run, because they clean up. An interruption by the user ends everything.
 *
 * In a dry run, a task that may run may also fail, so the `rescue` of its block may run.
 */
import { defined } from '../base/defined.ts'
import type { Problem } from '../base/errors.ts'
import type { Block, Task, TaskOrBlock } from '../language/model.ts'
import type { Layer } from '../language/scope.ts'
import { isBlockStep, isTaskStep, tasksOf, withoutFailures } from '../language/block-steps.ts'
import { isFailure, type TaskResult } from '../task/item-result.ts'
import { skippedResult } from '../task/results.ts'
import { createTaskRunner, type TaskRunner } from '../task/run-tasks.ts'
import { directionOf, endOfTasks, isShared } from './directions.ts'
import { stepsIncluded } from './inclusions.ts'
import { mayFail, type StepsAround, type StepsEnd, warnOfCut, whySkipped } from './step-ends.ts'
import { OpenFailures, type OpenFailuresOptions, unknownFailure } from './open-failures.ts'

export interface StepRunnerOptions extends OpenFailuresOptions {
  /** True if failures of other hosts have ended the run: start no new tasks. */
  readonly stopped: () => boolean
  /** Called after a task has finished. */
  readonly finished: (task: Task, result: TaskResult) => void
  /** Runs the notified handlers now (`meta: flush_handlers`), each of them with `run`. */
  readonly flush: (run: RunHandler, doubt: string | undefined) => Promise<StepsEnd>
}

/** Runs a handler. `doubt`: dry runs only, why it is unknown whether it runs. */
export type RunHandler = (handler: Task, doubt: string | undefined) => Promise<StepsEnd>

export class StepRunner {
  readonly #options: StepRunnerOptions
  readonly #tasks: TaskRunner
  readonly #failures: OpenFailures
  /** Work on the host that must finish before its first task; undefined once it has begun. */
  #begin: (() => Promise<void>) | undefined
  /** Names of tasks that may run, and may fail then. */
  #doubtful: string[] = []
  /** Dry runs only: why it is unknown whether `meta` has ended the play. */
  #mayHaveEnded: string | undefined

  constructor(options: StepRunnerOptions, begin: (() => Promise<void>) | undefined) {
    this.#options = options
    this.#begin = begin
    this.#tasks = createTaskRunner(options.context)
    this.#failures = new OpenFailures(options)
  }

  /** The first failure that ended the play on this host. */
  get failure(): { readonly problem: Problem | undefined; readonly unreachable: boolean } | undefined {
    const { lost } = this.#failures
    return lost && { problem: lost.result.problem, unreachable: lost.result.outcome === 'unreachable' }
  }

  /** Leaves steps out because the play has ended before them. */
  leaveOut(steps: readonly TaskOrBlock[]): void {
    this.#skip(steps, 'ended')
  }

  /**
   * Does the work that must precede the tasks, unless a task has awaited it, or no task needs the host: then it
   * need not be there.
   */
  async ready(): Promise<void> {
    const { play } = this.#options.context
    const own = play.sections.some(({ tasks }) => tasks.some((task) => this.#needsHost(task)))
    if (own || play.sections.length === 0) await this.#takeBegin()?.()
  }

  #takeBegin(): (() => Promise<void>) | undefined {
    const begin = this.#begin
    this.#begin = undefined
    return begin
  }

  /**
   * Runs steps in order.
   * @param doubt Dry runs only: why it is unknown whether they run
   * @param forced Failures of other hosts do not stop them.
   */
  async run(
    steps: readonly TaskOrBlock[],
    {
      doubt,
      forced = false,
      handlers = false,
    }: { readonly doubt?: string | undefined; readonly forced?: boolean; readonly handlers?: boolean } = {},
  ): Promise<StepsEnd> {
    try {
      return await this.#steps(steps, {
        inBlock: false,
        rescued: false,
        cleanup: forced,
        layers: [],
        doubt,
        handlers,
        following: [],
      })
    } finally {
      // After an interruption, or a failure outside the tasks.
      this.#failures.lose()
    }
  }

  async #steps(steps: readonly TaskOrBlock[], outer: StepsAround): Promise<StepsEnd> {
    const after = (index: number): StepsAround => ({
      ...outer,
      following: [...withoutFailures(steps.slice(index)), ...outer.following],
    })
    for (let index = 0; index < steps.length;) {
      const step = steps[index]
      let end: StepsEnd
      if (step !== undefined && isBlockStep(step)) {
        index += 1
        end = await this.#block(step, after(index))
      } else {
        const until = this.#endOfTasks(steps, index)
        const tasks = steps.slice(index, until).filter(isTaskStep)
        end = await this.#run(tasks, after(until))
        index = until
      }
      if (end === 'done') continue
      this.#skip(steps.slice(index), end)
      return end
    }
    return 'done'
  }

  /** False for tasks that act on another host, or wait for this one. */
  #needsHost({ delegateTo, module }: Task): boolean {
    const waits = this.#options.context.arguments.module(module).whileUnreachable !== undefined
    return delegateTo === undefined && !waits
  }

  /** As `endOfTasks`; before the work on the host has begun, tasks that do not need the host run by themselves. */
  #endOfTasks(steps: readonly TaskOrBlock[], from: number): number {
    const end = endOfTasks(steps, from)
    const first = steps
      .slice(from, end)
      .filter(isTaskStep)
      .findIndex((task) => this.#needsHost(task))
    return this.#begin === undefined || first === 0 ? end : first === -1 ? end : from + first
  }

  /** Runs tasks, of which only the last may be `meta` or an include. */
  async #run(tasks: readonly Task[], outer: StepsAround): Promise<StepsEnd> {
    const { cleanup, handlers, doubt: given, ...around } = outer
    const doubt = given ?? (handlers ? undefined : this.#mayHaveEnded)
    const last = tasks.at(-1)
    let directs: TaskResult | undefined
    const left = new Set(tasks)
    let failed = false
    const begin = tasks.some((task) => this.#needsHost(task)) ? this.#takeBegin() : undefined
    await this.#tasks.run(tasks, {
      ...around,
      ...defined({ begin, doubt }),
      stopped: () => !cleanup && this.#options.stopped(),
      finished: (task, result) => {
        left.delete(task)
        if (task === last) directs = result
        failed = this.#finished(task, result, around.rescued)
        return failed ? 'stop' : 'next'
      },
    })
    const end = failed ? 'failed' : left.size > 0 ? 'stopped' : 'done'
    this.#skip([...left], end)
    if (end !== 'done' || last === undefined || directs === undefined) return end
    return last.include === undefined
      ? this.#direct(last, directs, outer)
      : this.#include(last, directs, outer)
  }

  /** Runs what a task includes, item by item. */
  async #include(task: Task, result: TaskResult, outer: StepsAround): Promise<StepsEnd> {
    const { parts, others } = stepsIncluded(task, result)
    this.#skip(others, 'done')
    for (const { steps, layers, doubt } of parts) {
      const inside = { ...outer, layers: [...outer.layers, ...layers], doubt: outer.doubt ?? doubt }
      const end = await this.#steps(steps, inside)
      if (end !== 'done') return end
    }
    return 'done'
  }

  /** Does what a task of `meta` says. */
  async #direct(task: Task, result: TaskResult, around: StepsAround): Promise<StepsEnd> {
    const direction = await directionOf(task, result, this.#options)
    if (direction.kind === 'flush') {
      const inside = { ...around, handlers: true, following: [] }
      const { flush } = this.#options
      return flush(
        (handler, doubt) => this.#run([handler], { ...inside, doubt: doubt ?? around.doubt }),
        direction.doubt,
      )
    }
    if (direction.kind !== 'may have ended') return direction.kind
    this.#mayHaveEnded ??= direction.why
    return 'done'
  }

  /** Returns true for a failure. */
  #finished(task: Task, result: TaskResult, rescued: boolean): boolean {
    const { recap, context, finished } = this.#options
    const failure = isFailure(result)
    if (failure && this.#awaited(task)) context.once.passed(task)
    if (failure) this.#failures.add(task, result)
    else recap.count(context.host.machine.name, result.ignored ? 'ignored' : result.outcome)
    if (result.outcome === 'unknown' && mayFail(task)) this.#doubtful.push(task.name)
    finished(task, result)
    if (failure && !rescued) this.#failures.lose()
    return failure
  }

  /** True if other hosts may wait for this one at the task. */
  #awaited(task: Task): boolean {
    return isShared(task) || this.#options.context.play.strategy === 'linear'
  }

  async #block(block: Block, outer: StepsAround): Promise<StepsEnd> {
    const around = { ...outer, inBlock: true }
    const { context, stopped } = this.#options
    if (context.run.signal.aborted || (!around.cleanup && stopped())) {
      this.#skip([block], 'stopped')
      return 'stopped'
    }
    const cut: string[] = []
    let end = await this.#rescued(block, around, cut)
    const { layers } = around
    const failed = end !== 'done' && end !== 'ended'
    const always = { ...around, cleanup: true, layers: failed ? this.#afterFailure(layers) : layers }
    const last = await this.#part('always', block, { around: always, cut })
    if (last === 'failed' || end === 'done') end = last
    else if (last === 'ended' && end !== 'failed') end = last
    warnOfCut(context, block, cut)
    return end
  }

  /** Runs the tasks of a block, and its `rescue` if one of them fails or may fail. */
  async #rescued(block: Block, around: StepsAround, cut: string[]): Promise<StepsEnd> {
    const inside = { ...around, following: [...withoutFailures(block.always), ...around.following] }
    if (block.rescue.length === 0) return this.#steps(block.tasks, inside)
    const open = this.#failures.count
    const doubts = this.#doubtful.length
    const end = await this.#steps(block.tasks, { ...inside, rescued: true })
    const [doubtful] = this.#doubtful.splice(doubts)
    const rescue = { ...around, cleanup: true }
    if (end === 'failed') {
      const layers = this.#afterFailure(around.layers)
      const saved = await this.#part('rescue', block, { around: { ...rescue, layers }, cut })
      if (saved === 'done' || saved === 'ended') this.#failures.rescued(open)
      return saved
    }
    if (end === 'done' && doubtful !== undefined) {
      const doubt = `it runs only if "${doubtful}" fails, which a dry run cannot know`
      const layers = [...around.layers, unknownFailure(doubt)]
      return this.#part('rescue', block, { around: { ...rescue, layers, doubt }, cut })
    }
    this.#skip(block.rescue, end)
    return end
  }

  #afterFailure(layers: readonly Layer[]): readonly Layer[] {
    return [...layers, ...this.#failures.layers()]
  }

  /** Runs a part of a block, unless an interruption cuts it off. */
  async #part(
    name: 'rescue' | 'always',
    block: Block,
    { around, cut }: { readonly around: StepsAround; readonly cut: string[] },
  ): Promise<StepsEnd> {
    const steps = block[name]
    if (steps.length === 0) return 'done'
    const end = await this.#steps(steps, around)
    if (end === 'stopped') cut.push(name)
    return end
  }

  /**
   * Leaves tasks out. They get the result of a skipped task, so that later conditions may read it. Those with
   * `run_once` are left to other hosts.
   */
  #skip(steps: readonly TaskOrBlock[], end: StepsEnd): void {
    const { host, once } = this.#options.context
    const { variables } = host
    for (const task of tasksOf(steps)) {
      if (this.#awaited(task)) once.passed(task)
      if (task.register !== undefined && !variables.scope().has(task.register))
        variables.register(task.register, skippedResult(whySkipped[end]))
    }
  }
}
