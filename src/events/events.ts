/**
 * What happened, as data. Everything that a person or a program sees of a run is made from these.
 *
 * Every event has `v` (version of this format), `run`, `seq` (from 1, without gaps), `time` (ISO 8601, UTC) and `type`. Texts are already redacted.
 */
import type { ExitCode, Problem } from '../base/errors.ts'
import type { Diff, Finding } from '../host/plan.ts'
import type { SummaryRow } from '../modules/module.ts'

export type Event = EventBody & {
  readonly v: 1
  readonly run: string
  readonly seq: number
  readonly time: string
}

export type Outcome = 'ok' | 'changed' | 'skipped' | 'failed' | 'unreachable' | 'unknown'

/** A task as events name it. `id` is stable over runs and hosts (playbook, play, role, file, name, ordinal). */
export interface TaskRef {
  readonly id: string
  /** As people see it: the task's name with its role, `lxc_passthrough : Assign the GPUs`. */
  readonly name: string
  readonly module: string
  readonly handler: boolean
}

export interface Counts {
  readonly ok: number
  readonly changed: number
  readonly skipped: number
  readonly failed: number
  readonly unreachable: number
  readonly unknown: number
  /** Tasks that failed where the playbook says to go on; counted nowhere else. */
  readonly ignored: number
}

/** Why the run does not end with 0, of one host. */
export interface Failure {
  readonly host: string
  /** Absent when the host failed outside a task: it could not be reached, or its node failed. */
  readonly task?: TaskRef
  readonly exitCode: ExitCode
}

/** A task that a host is at: what an interrupted run waits for, or leaves behind. */
export interface RunningTask {
  readonly host: string
  readonly task: TaskRef
}

export type EventBody =
  | {
      readonly type: 'run.started'
      readonly playbooks: readonly string[]
      readonly check: boolean
      readonly hosts: readonly string[]
      /** Version of gpuplay. */
      readonly version: string
    }
  | {
      readonly type: 'play.started'
      readonly play: string
      readonly hosts: readonly string[]
      /** In the order of the play; handlers last. */
      readonly tasks: readonly TaskRef[]
    }
  | { readonly type: 'play.finished'; readonly play: string }
  | { readonly type: 'host.connecting' | 'host.connected'; readonly host: string }
  | { readonly type: 'host.unreachable'; readonly host: string; readonly problem: Problem }
  | { readonly type: 'host.waiting'; readonly host: string; readonly why: string }
  | { readonly type: 'task.started'; readonly host: string; readonly task: TaskRef; readonly item?: string }
  /** Long work says what it does: an action begins, a download or a build goes on. */
  | {
      readonly type: 'task.progress'
      readonly host: string
      readonly task: TaskRef
      readonly item?: string
      readonly message: string
      readonly done?: number
      readonly total?: number
    }
  /** An action was carried out. In a dry run and in a converged run there are none. */
  | {
      readonly type: 'action.finished'
      readonly host: string
      readonly task: TaskRef
      readonly on: string
      readonly kind: string
      readonly label: string
      readonly milliseconds: number
    }
  /** One loop item has its outcome; a task without a loop has none of these. */
  | {
      readonly type: 'item.finished'
      readonly host: string
      readonly task: TaskRef
      readonly item: string
      readonly outcome: Outcome
      readonly detail: TaskDetail
    }
  | {
      readonly type: 'task.finished'
      readonly host: string
      readonly task: TaskRef
      readonly outcome: Outcome
      /** It failed, and the playbook says to go on. */
      readonly ignored?: boolean
      readonly detail: TaskDetail
      readonly milliseconds: number
    }
  | {
      readonly type: 'handler.notified' | 'handler.pending' | 'handler.unknown'
      readonly host: string
      readonly handler: string
      readonly by?: string
    }
  /** The person is asked something on the terminal, and has answered. */
  | { readonly type: 'prompt.started'; readonly host: string; readonly question: string }
  | {
      readonly type: 'prompt.finished'
      readonly host: string
      readonly question: string
      readonly answer: boolean
    }
  /** A mistake in the files or on the command line; nothing was connected to, and `run.finished` follows. */
  | { readonly type: 'problem'; readonly problem: Problem }
  | { readonly type: 'warning'; readonly host?: string; readonly task?: TaskRef; readonly message: string }
  /** Interrupted: nothing new begins, and the run ends once these have ended. */
  | { readonly type: 'run.stopping'; readonly awaited: readonly RunningTask[] }
  /** Interrupted again: the run ends at once, and what these have started may go on on their hosts. */
  | { readonly type: 'run.quit'; readonly running: readonly RunningTask[] }
  | {
      readonly type: 'run.finished'
      readonly hosts: Readonly<Record<string, Counts>>
      readonly exitCode: ExitCode
      readonly check: boolean
      readonly milliseconds: number
      readonly rows: readonly SummaryRow[]
      /** In the order in which they happened; those that the playbook ignores are not among them. */
      readonly failures: readonly Failure[]
      /** Handlers that were notified and that no play of the run defines. */
      readonly pendingHandlers: number
      /** Where the time went, for whoever asked. */
      readonly profile?: readonly TaskTimes[]
    }

/** Milliseconds that one task took on one host, by what was done; `task` is undefined for what came before the first. */
export interface TaskTimes {
  readonly host: string
  readonly task: TaskRef | undefined
  readonly connect: number
  readonly look: number
  readonly act: number
  readonly wait: number
}

export interface TaskDetail {
  /** What would be or was done, one line each (`label` of the actions). */
  readonly actions?: readonly string[]
  /** Under `no_log` and where text holds a secret there is none. */
  readonly diffs?: readonly Diff[]
  /** Why it was skipped, or is unknown. */
  readonly why?: string
  /** For the person, of `debug` and the like. */
  readonly message?: string
  readonly problem?: Problem
  readonly findings?: readonly Finding[]
  /** Of a loop: outcome by item label. */
  readonly items?: Readonly<Record<string, Outcome>>
}

/** Takes events; views and recorders are these. Must not throw. */
export type EventSink = (event: Event) => void
