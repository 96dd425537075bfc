/** The built-in variables that describe the whole inventory: `groups` and `hostvars`. */
import type { HostName } from '../base/brand.ts'
import { Unknown } from '../base/unknown.ts'
import type { Inventory } from '../inventory/inventory-model.ts'
import type { HostVariables } from './host-variables.ts'

/** `groups`: the hosts of every group; `Unknown` if a dry run does not know them. */
export function groupsOfRun(inventory: Inventory): unknown {
  const [doubt] = inventory.maybe
  if (doubt !== undefined) return new Unknown(doubt.why)
  return Object.fromEntries([...inventory.groups.values()].map((group) => [group.name, group.hosts]))
}

/** `hostvars`: looks up each host on access, because a fleet may have many. */
export function hostvarsIn(
  inventory: Inventory,
  variablesOf: (name: HostName) => HostVariables,
): Readonly<Record<string, unknown>> {
  const hostvars = Object.create(null) as Record<string, unknown>
  for (const name of new Set([...inventory.hosts.keys(), inventory.localhost.name]))
    Object.defineProperty(hostvars, name, { enumerable: true, get: () => hostvarsOf(variablesOf(name)) })
  return hostvars
}

/** Variables, registered results and facts of another host. Looks up each on access. */
function hostvarsOf(variables: HostVariables): Record<string, unknown> {
  const scope = variables.scope()
  const result = Object.create(null) as Record<string, unknown>
  for (const name of scope.names()) {
    if (name === 'hostvars') continue
    Object.defineProperty(result, name, { enumerable: true, get: () => scope.get(name) })
  }
  return result
}
