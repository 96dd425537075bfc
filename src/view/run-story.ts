/** What the end of a run tells again: what changed, why hosts failed, what stays pending and what is not known. */
import type { Problem } from '../base/errors.ts'
import type { Event, TaskDetail, TaskRef } from '../events/events.ts'
import { plainText } from './text.ts'

type TaskFinished = Extract<Event, { readonly type: 'task.finished' }>

/** The hosts on which a task ended in the same way. */
export interface ToldTask {
  readonly task: TaskRef
  readonly hosts: string[]
  /** Why a dry run does not know what the task does on the first of them. */
  readonly why: string | undefined
}

export interface ToldFailure {
  readonly problem: Problem | undefined
  /** The last lines that a program has printed on the host. */
  readonly lines: readonly string[]
}

/** Lines of output of a failed program. */
const mostLines = 5

export class RunStory {
  started: Extract<Event, { readonly type: 'run.started' }> | undefined
  readonly changed = new Map<string, ToldTask>()
  readonly unknown = new Map<string, ToldTask>()
  /** Hosts by warning. */
  readonly pending = new Map<string, string[]>()
  readonly #failures = new Map<string, ToldFailure>()
  /** The end of the last log that a program of a task has written. */
  readonly #logs = new Map<string, string>()

  take(event: Event): void {
    switch (event.type) {
      case 'run.started':
        this.started = event
        return
      case 'program.log':
        this.#logs.set(keyOf(event.host, event.task), event.text)
        return
      case 'warning': {
        if (!/^(REBOOT|RESTART) PENDING\b/.test(event.message)) return
        const hosts = this.pending.get(event.message) ?? []
        this.pending.set(event.message, hosts)
        if (event.host !== undefined && !hosts.includes(event.host)) hosts.push(event.host)
        return
      }
      case 'task.finished':
        if (event.outcome === 'changed') add(this.changed, event)
        if (event.outcome === 'unknown') add(this.unknown, event)
        if (event.outcome === 'failed' || event.outcome === 'unreachable') this.#failed(event)
        return
      case 'item.finished':
        if (event.outcome === 'failed') this.#failed(event)
        return
      default:
        return
    }
  }

  failure(host: string, task: TaskRef | undefined): ToldFailure | undefined {
    return task && this.#failures.get(keyOf(host, task))
  }

  #failed({ host, task, detail }: { host: string; task: TaskRef; detail: TaskDetail }): void {
    const key = keyOf(host, task)
    const before = this.#failures.get(key)
    const lines = lastLines(outputOf(detail) ?? this.#logs.get(key) ?? '')
    this.#failures.set(key, {
      problem: detail.problem ?? before?.problem,
      // The end of a loop says less than its failed item.
      lines: lines.length > 0 ? lines : (before?.lines ?? []),
    })
  }
}

function add(tasks: Map<string, ToldTask>, { host, task, detail }: TaskFinished): void {
  const told = tasks.get(task.id) ?? { task, hosts: [], why: detail.why }
  tasks.set(task.id, told)
  if (!told.hosts.includes(host)) told.hosts.push(host)
}

function keyOf(host: string, task: TaskRef): string {
  return JSON.stringify([host, task.id])
}

/** Standard error, or what a program without any has printed. */
function outputOf({ program }: TaskDetail): string | undefined {
  const said = [program?.stderr, program?.stdout].find((text) => text !== undefined && text.trim() !== '')
  return said
}

function lastLines(text: string): readonly string[] {
  return plainText(text)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-mostLines)
}
