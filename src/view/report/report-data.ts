/**
 * The data of a report, which its page embeds as JSON and draws. Times are milliseconds since the start of
 * the run. Numbers named `host`, `task` and `details` are indexes of the lists of the same name. Texts are plain
 * (`plainText`).
 */
import type { Counts, Outcome } from '../../events/events.ts'
import type { HostDifference } from '../../events/run-difference.ts'
import type { Finding } from '../../host/plan.ts'
import type { Handled } from '../handled.ts'

export interface ReportData {
  readonly run: string
  readonly command: string
  readonly playbooks: readonly string[]
  /** ISO 8601, UTC. */
  readonly time: string
  readonly check: boolean
  /** Version of gpuplay. */
  readonly version: string
  /** One sentence, as at the end of the run. */
  readonly result: string
  readonly state: 'succeeded' | 'failed' | 'unfinished'
  /** The end of the run; of an unfinished one, its last event. */
  readonly duration: number
  readonly hosts: readonly ReportHost[]
  /** In the order of the plays. Tasks that a run included are after the task that ran before them. */
  readonly tasks: readonly ReportTask[]
  /** In order of time: one for each `task.finished`. A handler may have several for one host. */
  readonly cells: readonly ReportCell[]
  /** Each distinct one once: many hosts often have the same. */
  readonly details: readonly CellDetail[]
  readonly waits: readonly HostWait[]
  readonly path: CriticalPath
  readonly failures: readonly ReportFailure[]
  readonly warnings: readonly ReportWarning[]
  /** Mistakes in files or on the command line: nothing ran. */
  readonly problems: readonly string[]
  readonly nodes: readonly GpuNode[]
  readonly tables: readonly ReportTable[]
  /** Absent if no earlier run is recorded with which it can be compared. */
  readonly before?: ReportBefore
}

export interface ReportHost {
  readonly name: string
  /** Only of a container. */
  readonly node?: string
  readonly ctid?: string
  /** Absent if the run has no end. */
  readonly counts?: Counts
  /** Why it was unreachable. */
  readonly unreachable?: string
}

export interface ReportTask {
  readonly name: string
  readonly module: string
  readonly where: string
  readonly handler: boolean
  /** Undefined in the list of a play: the task was included while the play ran. */
  readonly play?: string
}

export type CellOutcome = Outcome | Handled

export interface ReportCell {
  readonly host: number
  readonly task: number
  readonly outcome: CellOutcome
  readonly start: number
  readonly end: number
  /** Absent if there is nothing to show. */
  readonly detail?: number
}

export interface CellDetail {
  readonly why?: string
  readonly message?: string
  /** The failure, its place, excerpt and hint. */
  readonly problem?: string
  readonly actions?: readonly string[]
  /** Unified diffs. */
  readonly diffs?: readonly string[]
  readonly program?: { readonly rc: number; readonly stdout: string; readonly stderr: string }
  readonly findings?: readonly Finding[]
  readonly items?: readonly ReportItem[]
  /** The ends of logs that programs wrote. */
  readonly logs?: readonly { readonly on: string; readonly path: string; readonly text: string }[]
  /** The report would be too large with the texts of this task. */
  readonly leftOut?: true
}

export interface ReportItem extends Omit<CellDetail, 'items' | 'logs' | 'leftOut'> {
  readonly item: string
  readonly outcome: Outcome
}

/** A time in which a host connects, reboots, or waits for other hosts. */
export interface HostWait {
  readonly host: number
  readonly why: string
  readonly start: number
  readonly end: number
}

/**
 * The parts that decided how long the run took, in order of time: each began when the one before it had
 * ended, and nothing else that ended in between could have delayed it.
 */
export interface CriticalPath {
  readonly parts: readonly PathPart[]
  /** Milliseconds of the path by task, longest first; `task` is absent for time between parts. */
  readonly totals: readonly { readonly task?: number; readonly milliseconds: number }[]
}

export interface PathPart {
  readonly host: number
  /** Absent for a wait. */
  readonly task?: number
  readonly start: number
  readonly end: number
}

export interface ReportFailure {
  readonly host: string
  /** Absent if it failed outside a task. */
  readonly task?: string
  readonly message: string
  /** The cell in which it failed. */
  readonly cell?: number
}

/** A warning, with all hosts that have it. */
export interface ReportWarning {
  readonly message: string
  /** Names and ranges of hosts; empty if it belongs to none. */
  readonly hosts: string
  readonly count: number
}

export interface ReportTable {
  readonly name: string
  readonly columns: readonly string[]
  readonly rows: readonly {
    readonly cells: readonly string[]
    readonly state: 'ok' | 'problem' | 'pending'
    readonly indent: number
  }[]
  readonly notes: readonly string[]
}

/** The state of a node or a container as the last task that verified it has seen it. */
export interface GpuPart {
  readonly name: string
  readonly state: 'ok' | 'problem' | 'pending'
  /** The words of the table: `DRIFT 580.95.05 -> 590.48.01`. */
  readonly words: string
  readonly userspace?: string
  readonly cuda?: string
  readonly findings: readonly Finding[]
}

export interface GpuNode extends GpuPart {
  readonly wanted?: string
  readonly loaded?: string
  readonly ofVms: number
  readonly excluded: number
  readonly cards: readonly GpuCard[]
  readonly containers: readonly NodeContainer[]
}

export interface GpuCard {
  /** The UUID, or the PCI address or device name while no UUID is known. */
  readonly id: string
  /** The node sees it, or keeps it for containers. False: only a container names it. */
  readonly present: boolean
  /** The names of the containers that have it. */
  readonly containers: readonly string[]
}

export interface NodeContainer extends GpuPart {
  readonly ctid: string
  /** Absent if the inventory assigns none. */
  readonly assigned?: readonly string[]
  readonly visible: readonly string[]
  /** Assigned but not visible, or visible but not assigned, while it runs. */
  readonly mismatched: readonly string[]
}

export interface ReportBefore {
  readonly run: string
  readonly time: string
  readonly version: string
  readonly result: string
  readonly check: boolean
  readonly hosts: readonly HostDifference[]
  /** Names and ranges of the hosts on which nothing is different. */
  readonly same: string
}
