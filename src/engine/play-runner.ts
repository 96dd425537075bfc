/**
 * One play on one host: its sections in order, handlers at the end of each, everything that can be read early read early.
 */
import type { HostName } from '../base/brand.ts'
import { type ExitCode, exitCodes, type Problem } from '../base/errors.ts'
import type { Handler, Play, Task } from '../language/model.ts'
import type { Emitter } from '../events/emitter.ts'
import type { Outcome, TaskRef } from '../events/events.ts'
import type { Lookahead } from '../task/lookahead.ts'
import type { PendingHandlers } from '../fleet/pending.ts'
import type { Recap } from './recap.ts'
import { runTask, type TaskResult, type TaskRunnerContext } from '../task/task-runner.ts'

export interface PlayRunnerContext {
  readonly host: HostName
  readonly play: Play
  readonly check: boolean
  readonly tasks: TaskRunnerContext
  readonly lookahead: Lookahead
  readonly pending: PendingHandlers
  readonly emitter: Emitter
  readonly recap: Recap
  readonly signal: AbortSignal
  readonly selected: (task: Task) => boolean
  /** Set by a play with `any_errors_fatal` once a host has failed: no new tasks. */
  readonly stopped: () => boolean
  readonly ref: (task: Task) => TaskRef
}

export type PlayEnd =
  | { readonly kind: 'finished' }
  | { readonly kind: 'failed'; readonly exitCode: ExitCode; readonly problem: Problem | undefined }

export async function runPlay(context: PlayRunnerContext): Promise<PlayEnd> {
  const { play } = context
  const notified = new Notifications(play.handlers)
  const earlier = play.handlers.length === 0 ? undefined : context.pending.read()
  for (const section of play.sections) {
    const tasks = section.tasks.filter(context.selected)
    for (const [index, task] of tasks.entries()) {
      if (context.signal.aborted || context.stopped()) return { kind: 'finished' }
      const ahead = await context.lookahead.take(task, tasks.slice(index))
      const result = await runTask(task, context.ref(task), ahead, context.tasks)
      const end = settle(result, context)
      notify(task, result, { notified, context })
      if (end) return end
    }
    for (const handler of (await earlier) ?? []) {
      const matches = notified.find(handler.name)
      if (matches.length === 0) continue
      context.emitter.emit({ type: 'handler.pending', host: context.host, handler: handler.name })
      for (const match of matches) notified.add(match, 'certain')
    }
    const end = await runHandlers(notified, context)
    if (end) return end
  }
  return { kind: 'finished' }
}

async function runHandlers(
  notified: Notifications,
  context: PlayRunnerContext,
): Promise<PlayEnd | undefined> {
  const ran: Handler[] = []
  for (;;) {
    const next = notified.next()
    if (next === undefined) {
      // A topic may have several listeners: it is struck out when all of them have run.
      const topics = ran.flatMap((handler) => handler.listen)
      if (topics.length > 0 && !context.check) await context.pending.strike(topics)
      return undefined
    }
    if (context.signal.aborted || context.stopped()) return undefined
    const { handler, certainty } = next
    const ref = context.ref(handler)
    if (certainty === 'maybe') {
      mayRun(ref, context)
      continue
    }
    const result = await runTask(handler, ref, undefined, context.tasks)
    const end = settle(result, context)
    notify(handler, result, { notified, context })
    if (end) return end
    ran.push(handler)
    if (!context.check) await context.pending.strike([handler.id.name])
  }
}

/** In a dry run: a task that may run would have notified it. */
function mayRun(ref: TaskRef, { emitter, host, recap }: PlayRunnerContext): void {
  recap.count(host, 'unknown')
  emitter.emit({
    type: 'task.finished',
    host,
    task: ref,
    outcome: 'unknown',
    detail: { why: 'a task that may run notifies it' },
    milliseconds: 0,
  })
}

function settle(result: TaskResult, { recap, host }: PlayRunnerContext): PlayEnd | undefined {
  recap.count(host, result.ignored ? 'ok' : result.outcome)
  if (result.outcome === 'unreachable') {
    recap.failure(exitCodes.unreachable)
    return { kind: 'failed', exitCode: exitCodes.unreachable, problem: result.problem }
  }
  if (result.exitCode === undefined) return undefined
  recap.failure(result.exitCode)
  return { kind: 'failed', exitCode: result.exitCode, problem: result.problem }
}

function notify(
  task: Task,
  result: TaskResult,
  { notified, context }: { readonly notified: Notifications; readonly context: PlayRunnerContext },
): void {
  const certainty = certaintyOf(result.outcome, result.changed)
  if (certainty === undefined) return
  for (const { name } of task.notify) {
    for (const handler of notified.find(name)) {
      notified.add(handler, certainty)
      context.emitter.emit({
        type: 'handler.notified',
        host: context.host,
        handler: handler.name,
        by: task.key,
      })
    }
  }
}

function certaintyOf(outcome: Outcome, changed: boolean): Certainty | undefined {
  if (changed) return 'certain'
  return outcome === 'unknown' ? 'maybe' : undefined
}

type Certainty = 'certain' | 'maybe'

/** Handlers that wait to run, each once, in the order in which the play defines them. */
class Notifications {
  readonly #handlers: readonly Handler[]
  readonly #waiting = new Map<Handler, Certainty>()

  constructor(handlers: readonly Handler[]) {
    this.#handlers = handlers
  }

  /** By name or by a topic that they listen to. */
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
