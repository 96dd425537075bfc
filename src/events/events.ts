/**
 * The events of a run, as data. Every view of a run is made from them.
 *
 * Every event has `v` (version of this format), `run`, `seq` (from 1, without gaps), `time` (ISO 8601, UTC)
 * and `type`. Texts are already redacted.
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

/**
 * A task as events name it. `id` is stable across runs and hosts (playbook, play, role, file, name, ordinal).
 */
export interface TaskRef {
  readonly id: string
  /** For people: the task's name with its role, `lxc_passthrough : Assign the GPUs`. */
  readonly name: string
  readonly module: string
  readonly handler: boolean
  /** Where the task is written: `roles/motd/tasks/main.yml:12`. */
  readonly where: string
}

export interface Counts {
  readonly ok: number
  readonly changed: number
  readonly skipped: number
  readonly failed: number
  readonly unreachable: number
  readonly unknown: number
  /** Tasks whose failure the `rescue` of a block has handled. No other count includes them. */
  readonly rescued: number
  /** Tasks that failed and whose failure the playbook ignores. No other count includes them. */
  readonly ignored: number
}

/** The counts of a host with which nothing has happened yet. */
export const noCounts: Counts = {
  ok: 0,
  changed: 0,
  skipped: 0,
  failed: 0,
  unreachable: 0,
  unknown: 0,
  rescued: 0,
  ignored: 0,
}

/** A failure on one host that makes the run exit with a nonzero code. */
export interface Failure {
  readonly host: string
  /** Absent if the host failed outside a task: it was unreachable, or its node failed. */
  readonly task?: TaskRef
  readonly exitCode: ExitCode
  /** Why it failed. */
  readonly message?: string
}

/** The task that a host is running: an interrupted run waits for it, or leaves it running. */
export interface RunningTask {
  readonly host: string
  readonly task: TaskRef
}

export interface NextCommands {
  /** Repeats the run on the hosts on which it did not succeed; absent if the command has no such option. */
  readonly rerun?: string
  /** Makes the changes that a dry run shows; absent if the run is none. */
  readonly real?: string
  /** Lists the recorded runs; followed by `show` and the ID, shows this one. Absent if the run is not recorded. */
  readonly runs?: string
}

export type EventBody =
  | {
      readonly type: 'run.started'
      readonly playbooks: readonly string[]
      /** The command line, without values of variables; empty if a program started the run. */
      readonly command: string
      readonly check: boolean
      readonly hosts: readonly string[]
      /** The containers among the hosts, each with its node. */
      readonly containers: Readonly<Record<string, { readonly node: string; readonly ctid: string }>>
      /** Version of gpuplay. */
      readonly version: string
      /** Version of Node.js, and the system: `v20.20.2 linux x64`. Absent in logs of older versions. */
      readonly runtime?: string
      /** Commands that the end of the run may recommend. Absent if a program started the run. */
      readonly next?: NextCommands
    }
  /** Hosts that no play had before take part: tasks have added them, or put them into a group (`add_host`, `group_by`). */
  | {
      readonly type: 'hosts.joined'
      readonly hosts: readonly string[]
      /** The containers among them, each with its node. */
      readonly containers: Readonly<Record<string, { readonly node: string; readonly ctid: string }>>
    }
  | {
      readonly type: 'play.started'
      readonly play: string
      readonly hosts: readonly string[]
      /** In the order of the play; handlers last. */
      readonly tasks: readonly TaskRef[]
    }
  | { readonly type: 'play.finished'; readonly play: string }
  /** A batch of a play with `serial` starts. Plays with one batch emit none of these. */
  | {
      readonly type: 'batch.started'
      readonly play: string
      /** From 1. */
      readonly batch: number
      readonly of: number
      readonly hosts: readonly string[]
    }
  | { readonly type: 'host.connecting' | 'host.connected'; readonly host: string }
  | { readonly type: 'host.unreachable'; readonly host: string; readonly problem: Problem }
  | { readonly type: 'host.waiting'; readonly host: string; readonly why: string }
  | { readonly type: 'task.started'; readonly host: string; readonly task: TaskRef; readonly item?: string }
  /** Progress of long work: an action starts, a download or build advances, or a task waits for something. */
  | {
      readonly type: 'task.progress'
      readonly host: string
      readonly task: TaskRef
      readonly item?: string
      readonly message: string
      readonly done?: number
      readonly total?: number
    }
  /** An action was carried out. Dry runs and converged runs have none. */
  | {
      readonly type: 'action.finished'
      readonly host: string
      readonly task: TaskRef
      readonly on: string
      readonly kind: string
      readonly label: string
      readonly milliseconds: number
    }
  /**
   * The log that a program (an installer) has written on a machine: its last lines, at most 256 KiB. None under
   * `no_log`.
   */
  | {
      readonly type: 'program.log'
      readonly host: string
      readonly task: TaskRef
      readonly on: string
      readonly path: string
      readonly text: string
    }
  /** A loop item has finished. Tasks without a loop emit none of these. */
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
      /** The task failed, and the playbook ignores the failure. */
      readonly ignored?: boolean
      /** The task failed, and the tasks under `rescue` of its block follow. */
      readonly rescued?: boolean
      readonly detail: TaskDetail
      readonly milliseconds: number
    }
  /** The tasks under `rescue` have succeeded, so the failures of these tasks count as rescued. */
  | { readonly type: 'host.rescued'; readonly host: string; readonly tasks: readonly TaskRef[] }
  | {
      readonly type: 'handler.notified' | 'handler.pending' | 'handler.unknown'
      readonly host: string
      readonly handler: string
      readonly by?: string
    }
  /** gpuplay asks a question on the terminal; the user has answered it. */
  | { readonly type: 'prompt.started'; readonly host: string; readonly question: string }
  | {
      readonly type: 'prompt.finished'
      readonly host: string
      readonly question: string
      readonly answer: boolean
    }
  /** A mistake in the files or on the command line. No host was contacted, and `run.finished` follows. */
  | { readonly type: 'problem'; readonly problem: Problem }
  | { readonly type: 'warning'; readonly host?: string; readonly task?: TaskRef; readonly message: string }
  /** Interrupted: nothing new starts, and the run ends after these tasks. */
  | { readonly type: 'run.stopping'; readonly awaited: readonly RunningTask[] }
  /** Interrupted: reads of this host for the task were given up. Reads change nothing. */
  | { readonly type: 'host.interrupted'; readonly host: string; readonly task: TaskRef }
  /** Interrupted again: the run ends at once. These tasks may still be running on their hosts. */
  | { readonly type: 'run.quit'; readonly running: readonly RunningTask[] }
  | {
      readonly type: 'run.finished'
      readonly hosts: Readonly<Record<string, Counts>>
      readonly exitCode: ExitCode
      readonly check: boolean
      readonly milliseconds: number
      readonly rows: readonly SummaryRow[]
      /** In order of time, without ignored failures. */
      readonly failures: readonly Failure[]
      /** Number of handlers that were notified and that no play of the run defines. */
      readonly pendingHandlers: number
      /** Hosts that have not failed and that the run left before their end; absent if there are none. */
      readonly unfinished?: readonly string[]
      /** Time per task and phase, if requested. */
      readonly profile?: readonly TaskTimes[]
    }

/**
 * Milliseconds that one task took on one host, by phase; `task` is undefined for the time before the first
 * task.
 */
export interface TaskTimes {
  readonly host: string
  readonly task: TaskRef | undefined
  readonly connect: number
  readonly look: number
  readonly act: number
  readonly wait: number
}

export interface TaskDetail {
  /** Actions that were or would be carried out, one line each (their `label`). */
  readonly actions?: readonly string[]
  /** Absent under `no_log` and if the text contains a secret. */
  readonly diffs?: readonly Diff[]
  /** Why the task was skipped, or is unknown. */
  readonly why?: string
  /** Message for people, from `debug` and similar modules. */
  readonly message?: string
  /** The host that the task or item acts on, if not its own (`delegate_to`). */
  readonly delegate?: string
  readonly problem?: Problem
  /** How the program of a command ended. Absent under `no_log` and if the arguments contain a secret. */
  readonly program?: ProgramEnd
  readonly findings?: readonly Finding[]
  /** For a loop: outcome by item label. */
  readonly items?: Readonly<Record<string, Outcome>>
}

export interface ProgramEnd {
  /** Exit status. */
  readonly rc: number
  /** The last 16 KiB at most, cut at a line; \u2026 stands for the rest. */
  readonly stdout: string
  readonly stderr: string
}

/** Receives events. Must not throw. */
export type EventSink = (event: Event) => void
