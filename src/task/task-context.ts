/** The context of the tasks of one play on one host. */
import type { HostName } from '../base/brand.ts'
import type { FleetHost } from '../fleet/fleet.ts'
import type { PendingHandlers } from '../fleet/pending.ts'
import type { ConnectionDefaults } from '../fleet/targets.ts'
import type { RunContext } from '../fleet/run-context.ts'
import type { Play, Task } from '../language/model.ts'
import type { Layer } from '../language/scope.ts'
import type { SummaryRow } from '../modules/module.ts'
import type { TaskRef } from '../events/events.ts'
import type { Arguments } from './arguments.ts'
import type { Confirm, Gate } from './confirmations.ts'
import type { OnceTurns } from './once.ts'

/**
 * Waits until this host may run a task with `throttle`. `waiting` is called once if others run it, with the
 * number of hosts that may.
 * @returns what ends the turn of this host
 */
export type EnterTask = (task: Task, waiting: (most: number) => void) => Promise<() => void>

export interface TaskContext {
  readonly run: RunContext
  readonly host: FleetHost
  readonly play: Play
  /** Variables that the play adds for this host. */
  readonly layers: readonly Layer[]
  readonly arguments: Arguments
  /** Handlers notified on this host. */
  readonly pending: PendingHandlers
  /** Privilege settings of the command line. */
  readonly connection: ConnectionDefaults
  /** Names the task; `layers` are variables that only it and its neighbours see. */
  readonly ref: (task: Task, layers?: readonly Layer[]) => TaskRef
  readonly once: OnceTurns
  readonly enter: EnterTask
  /** Returns the host of the inventory on which tasks of this one act (`delegate_to`). */
  readonly delegateTo: (name: HostName) => FleetHost
  /** Adds a row to the tables at the end of the run. */
  readonly addRow: (row: SummaryRow) => void
  /** Dry runs only: why it is unknown whether the tasks run at all. */
  readonly doubt?: string
  /** Asks the user; absent if there is no terminal. */
  readonly confirm?: Confirm
  /** Asks before each task (`--step`); absent: every task runs. */
  readonly gate?: Gate
}
