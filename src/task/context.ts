/** What the tasks of one play on one host are run with. */
import type { FleetHost } from '../fleet/fleet.ts'
import type { PendingHandlers } from '../fleet/pending.ts'
import type { ConnectionDefaults } from '../fleet/targets.ts'
import type { RunContext } from '../fleet/run-context.ts'
import type { Play, Task } from '../language/model.ts'
import type { Layer } from '../language/scope.ts'
import type { SummaryRow } from '../modules/module.ts'
import type { TaskRef } from '../events/events.ts'
import type { Arguments } from './arguments.ts'
import type { Confirm } from './confirm.ts'

export interface TaskContext {
  readonly run: RunContext
  readonly host: FleetHost
  readonly play: Play
  /** What the play adds for this host. */
  readonly layers: readonly Layer[]
  readonly arguments: Arguments
  /** Handlers that were notified on this host. */
  readonly pending: PendingHandlers
  /** What the command line says of privilege. */
  readonly connection: ConnectionDefaults
  readonly ref: (task: Task) => TaskRef
  /** A row for the tables at the end of the run. */
  readonly addRow: (row: SummaryRow) => void
  /** Asks the person; absent when nobody can be asked. */
  readonly confirm?: Confirm
}
