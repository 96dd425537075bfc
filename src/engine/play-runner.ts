/** Runs one play on one host: its sections in order, with handlers at the end of each. */
import { exitCodes, type Problem } from '../base/errors.ts'
import type { Outcome } from '../events/events.ts'
import type { Handler, Task } from '../language/model.ts'
import type { TaskContext } from '../task/task-context.ts'
import type { TaskResult } from '../task/item-result.ts'
import { createTaskRunner, type TaskRunner } from '../task/run-tasks.ts'
import type { Recap } from './recap.ts'

export interface PlayOptions {
  readonly context: TaskContext
  /** Work on the host that must finish before the first task. The tasks are read meanwhile. */
  readonly begun?: Promise<void> | undefined
  readonly recap: Recap
  readonly selected: (task: Task) => boolean
  /** True if failures of other hosts have ended the run: start no new tasks. */
  readonly stopped: () => boolean
  /** Called as soon as a failure of a task ends the play on this host. */
  readonly failed: (problem: Problem | undefined, task: Task) => void
}

export type PlayEnd =
  { readonly kind: 'finished' } | { readonly kind: 'failed'; readonly problem: Problem | undefined }

export async function runPlay(options: PlayOptions): Promise<PlayEnd> {
  return new PlayRunner(options).run()
}

class PlayRunner {
  readonly #options: PlayOptions
  readonly #notified: Notifications
  readonly #tasks: TaskRunner
  #end: PlayEnd | undefined

  constructor(options: PlayOptions) {
    this.#options = options
    this.#notified = new Notifications(options.context.play.handlers)
    this.#tasks = createTaskRunner(options.context)
  }

  async run(): Promise<PlayEnd> {
    const { context, selected, stopped, begun } = this.#options
    const { play, pending, run } = context
    const earlier = play.handlers.length === 0 ? undefined : pending.read()
    if (play.sections.length === 0) await begun
    for (const section of play.sections) {
      await this.#tasks.run(section.tasks.filter(selected), {
        begun,
        stopped,
        finished: (task, result) => this.#finished(task, result),
      })
      if (this.#end) return this.#end
      if (run.signal.aborted || stopped()) return { kind: 'finished' }
      for (const handler of (await earlier) ?? []) {
        const matches = this.#notified.find(handler.name)
        if (matches.length === 0) continue
        run.emitter.emit({
          type: 'handler.pending',
          host: context.host.machine.name,
          handler: handler.name,
        })
        for (const match of matches) this.#notified.add(match, 'certain')
      }
      await this.#handlers()
      if (this.#end) return this.#end
    }
    return { kind: 'finished' }
  }

  async #handlers(): Promise<void> {
    const { context, stopped } = this.#options
    const { run, pending } = context
    const ran: Handler[] = []
    for (;;) {
      const next = this.#notified.next()
      if (next === undefined) {
        // A topic may have several listeners. Its note is deleted after all of them have run.
        const topics = ran.flatMap((handler) => handler.listen)
        if (topics.length > 0 && !run.check) await pending.strike(topics)
        return
      }
      if (run.signal.aborted || stopped()) return
      const { handler, certainty } = next
      if (certainty === 'maybe') {
        this.#mayRun(handler)
        continue
      }
      let ended = false
      await this.#tasks.run([handler], {
        stopped,
        finished: (task, result) => {
          ended = true
          return this.#finished(task, result)
        },
      })
      if (this.#end || !ended) return
      ran.push(handler)
      if (!run.check) await pending.strike([handler.id.name])
    }
  }

  /** Dry runs only: reports a handler that a task would notify if it ran. */
  #mayRun(handler: Handler): void {
    const { context, recap } = this.#options
    const host = context.host.machine.name
    recap.count(host, 'unknown')
    context.run.emitter.emit({
      type: 'task.finished',
      host,
      task: context.ref(handler),
      outcome: 'unknown',
      detail: { why: 'notified by a task that may run' },
      milliseconds: 0,
    })
  }

  #finished(task: Task, result: TaskResult): 'next' | 'stop' {
    const { recap, context } = this.#options
    const host = context.host.machine.name
    recap.count(host, result.ignored ? 'ignored' : result.outcome)
    this.#notify(task, result)
    const { problem } = result
    const exitCode = result.outcome === 'unreachable' ? exitCodes.unreachable : result.exitCode
    if (exitCode === undefined) return 'next'
    recap.failure({ host, task: context.ref(task), exitCode })
    this.#end = { kind: 'failed', problem }
    this.#options.failed(problem, task)
    return 'stop'
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

type Certainty = 'certain' | 'maybe'

/** Pending handlers, each once, in the order in which the play defines them. */
class Notifications {
  readonly #handlers: readonly Handler[]
  readonly #waiting = new Map<Handler, Certainty>()

  constructor(handlers: readonly Handler[]) {
    this.#handlers = handlers
  }

  /** Finds handlers by name, or by a topic that they listen to. */
  find(name: string): readonly Handler[] {
    return this.#handlers.filter((handler) => handler.id.name === name || handler.listen.includes(name))
  }

  add(handler: Handler, certainty: Certainty): void {
    if (this.#waiting.get(handler) !== 'certain') this.#waiting.set(handler, certainty)
  }

  next(): { readonly handler: Handler; readonly certainty: Certainty } | undefined {
    const handler = this.#handlers.find((candidate) => this.#waiting.has(candidate))
    if (handler === undefined) return undefined
    const certainty = this.#waiting.get(handler) ?? 'certain'
    this.#waiting.delete(handler)
    return { handler, certainty }
  }
}
