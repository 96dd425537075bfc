/** What both the reading and the acting side of a task's host need. */
import { Secret } from '../base/secret.ts'
import type { Privilege } from '../connection/connection.ts'
import { privilege } from '../fleet/targets.ts'
import type { TaskContext } from './context.ts'
import type { Unit } from './unit.ts'

export type HostContext = Pick<TaskContext, 'run' | 'host' | 'pending' | 'connection' | 'confirm'>

/** With which privilege a unit acts on its own host; on the node it is always the node's own. */
export function becomeFor({ ready }: Unit, { host, run, connection }: HostContext): Privilege['become'] {
  const { machine } = host
  if (ready.become === undefined) return machine.privilege
  if (!ready.become.enabled) return undefined
  return privilege(ready.become.user, run.fleet.variable(machine.name), connection)
}

/** The environment of a task, as its programs get it. */
export function reveal(
  environment: Readonly<Record<string, string | Secret>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(environment)
  return Object.fromEntries(
    entries.map(([name, value]) => [name, value instanceof Secret ? value.reveal() : value]),
  )
}
