/** Runs one play on one host: its sections in order, with handlers at the end of each. */
import type { Problem } from '../base/errors.ts'
import type { Outcome } from '../events/events.ts'
import type { Handler, Task } from '../language/model.ts'
import { chosenSteps } from '../language/block-steps.ts'
import type { TaskResult } from '../task/item-result.ts'
import { type Certainty, Notifications } from './notifications.ts'
import type { StepsEnd } from './step-ends.ts'
import { type RunHandler, StepRunner, type StepRunnerOptions } from './step-runner.ts'

export interface PlayOptions extends Omit<StepRunnerOptions, 'finished' | 'flush'> {
  /** Work on the host that must finish before the first task. The tasks are read meanwhile. */
  readonly begin?: (() => Promise<void>) | undefined
  readonly selected: (task: Task) => boolean
  /** Runs notified handlers also after a failure. */
  readonly forceHandlers: boolean
}

export type PlayEnd =
  { readonly kind: 'finished' } | { readonly kind: 'failed'; readonly problem: Problem | undefined }

export async function runPlay(options: PlayOptions): Promise<PlayEnd> {
  return new PlayRunner(options).run()
}

class PlayRunner {
  readonly #options: PlayOptions
  readonly #notified: Notifications
  readonly #steps: StepRunner

  constructor(options: PlayOptions) {
    this.#options = options
    this.#notified = new Notifications(options.context.play.handlers)
    this.#steps = new StepRunner(
      {
        ...options,
        finished: (task, result) => this.#notify(task, result),
        flush: (run, doubt) => this.#flush(run, doubt),
      },
      options.begin,
    )
  }

  async run(): Promise<PlayEnd> {
    await this.#sections()
    await this.#steps.ready()
    const { failure } = this.#steps
    return failure === undefined ? { kind: 'finished' } : { kind: 'failed', ...failure }
  }

  async #sections(): Promise<void> {
    const { context, selected } = this.#options
    const { play, pending } = context
    // The reading goes on beside the first tasks.
    if (play.handlers.length > 0) void pending.read()
    const run: RunHandler = (handler, doubt) =>
      this.#steps.run([handler], { doubt, forced: this.#over, handlers: true })
    for (const [index, section] of play.sections.entries()) {
      const end = await this.#steps.run(chosenSteps(section.steps, selected))
      if ((end !== 'done' && end !== 'ended') || this.#over) {
        if (this.#forced) await this.#handlers(run)
        return
      }
      await this.#addPending()
      await this.#handlers(run)
      if (this.#over) return
      if (end !== 'ended') continue
      for (const later of play.sections.slice(index + 1)) this.#steps.leaveOut(later.steps)
      return
    }
  }

  /** Adds the handlers that an earlier run has left. */
  async #addPending(): Promise<void> {
    const { play, pending, run, host } = this.#options.context
    if (play.handlers.length === 0) return
    for (const handler of await pending.read()) {
      const matches = this.#notified.find(handler.name)
      if (matches.length === 0) continue
      run.emitter.emit({ type: 'handler.pending', host: host.machine.name, handler: handler.name })
      for (const match of matches) this.#notified.add(match, 'certain')
    }
  }

  /** Runs the handlers in the middle of a section. If they only may run, they wait for its end too. */
  async #flush(run: RunHandler, doubt: string | undefined): Promise<StepsEnd> {
    await this.#addPending()
    const ran: Handler[] = []
    const end = await this.#handlers((handler, own) => run(handler, own ?? doubt), ran)
    if (doubt !== undefined) for (const handler of ran) this.#notified.add(handler, 'maybe')
    return end
  }

  /** True if no new task may start on this host. */
  get #over(): boolean {
    const { context, stopped } = this.#options
    return this.#steps.failure !== undefined || context.run.signal.aborted || stopped()
  }

  /** True if handlers run although a failure has ended the play. An unreachable host cannot run any. */
  get #forced(): boolean {
    const { failure } = this.#steps
    const { context, forceHandlers } = this.#options
    return forceHandlers && !context.run.signal.aborted && failure?.unreachable !== true
  }

  /** @param ran Receives the handlers that have run. */
  async #handlers(run: RunHandler, ran: Handler[] = []): Promise<StepsEnd> {
    const { pending, host, gate, ref } = this.#options.context
    for (;;) {
      const next = this.#notified.next()
      if (next === undefined) {
        // A topic may have several listeners. Its note is deleted after all of them have run.
        await this.#ran(ran.flatMap((handler) => handler.listen))
        return 'done'
      }
      if (this.#over && !this.#forced) return 'done'
      const { handler, certainty } = next
      // Without its note struck, the handler stays pending for the next run.
      if (gate !== undefined && !(await gate(ref(handler), host.machine.name))) {
        pending.ran([handler.id.name])
        continue
      }
      const doubt = certainty === 'maybe' ? 'notified by a task that may run' : undefined
      const end = await run(handler, doubt)
      if (end !== 'done') return end
      ran.push(handler)
      await this.#ran([handler.id.name])
    }
  }

  async #ran(names: readonly string[]): Promise<void> {
    if (names.length === 0) return
    const { run, pending } = this.#options.context
    pending.ran(names)
    if (!run.check) await pending.strike(names)
  }

  #notify(task: Task, { outcome, changed }: TaskResult): void {
    const certainty = certaintyOf(outcome, changed)
    if (certainty === undefined) return
    const { run, host } = this.#options.context
    for (const { name } of task.notify) {
      for (const handler of this.#notified.find(name)) {
        this.#notified.add(handler, certainty)
        run.emitter.emit({
          type: 'handler.notified',
          host: host.machine.name,
          handler: handler.name,
          by: task.key,
        })
      }
    }
  }
}

function certaintyOf(outcome: Outcome, changed: boolean): Certainty | undefined {
  if (changed) return 'certain'
  return outcome === 'unknown' ? 'maybe' : undefined
}
