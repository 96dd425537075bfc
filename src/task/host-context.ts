/** The context that both reading and acting on a task's host need. */
import { Secret } from '../base/secret.ts'
import type { Privilege } from '../connection/connection.ts'
import type { FleetHost } from '../fleet/fleet.ts'
import { privilege } from '../fleet/targets.ts'
import type { TaskContext } from './task-context.ts'
import type { Unit } from './unit.ts'

/** `host` is the one that tasks act on. */
export interface HostContext extends Pick<
  TaskContext,
  'run' | 'host' | 'pending' | 'connection' | 'confirm'
> {
  /** The host whose tasks these are, if they act on another (`delegate_to`). */
  readonly from?: FleetHost
}

/**
 * Returns the privilege with which a unit acts on its own host. Actions on the node always use the privilege
 * of the node.
 */
export function becomeFor({ ready }: Unit, { host, run, connection }: HostContext): Privilege['become'] {
  const { machine } = host
  if (ready.become === undefined) return machine.privilege
  if (!ready.become.enabled) return undefined
  return privilege(ready.become.user, run.fleet.variable(machine.name), connection)
}

/** Returns the environment that the programs of a task get. */
export function reveal(
  environment: Readonly<Record<string, string | Secret>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(environment)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
  )
}
