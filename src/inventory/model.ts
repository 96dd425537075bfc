/** Hosts, groups and what is said of them, read and merged. */
import type { HostName } from '../base/brand.ts'
import type { Position, Problem } from '../base/errors.ts'
import type { Variables } from '../language/model.ts'
import type { ConnectionVariables } from './connection-variables.ts'

export interface InventoryHost {
  readonly name: HostName
  /** Where it is first named. */
  readonly where: Position
  /** All groups that it is in, by itself or through their children, without `all`; the strongest last. */
  readonly groups: readonly string[]
  /** The merged variables, under the names under which they were written. Each knows where that is. */
  readonly variables: Variables
  /** How it is reached: `settingOf` reads it. */
  readonly connection: ConnectionVariables
}

export interface Group {
  readonly name: string
  /** Absent for `all` and `ungrouped` where nobody wrote them. */
  readonly where: Position | undefined
  /** Its hosts and those of its children, in the order in which Ansible counts them. */
  readonly hosts: readonly HostName[]
  /** Hosts named in the group itself. */
  readonly ownHosts: readonly HostName[]
  readonly children: readonly string[]
}

export interface Inventory {
  /** In the order in which they were first named. */
  readonly hosts: ReadonlyMap<HostName, InventoryHost>
  /** `all` first and `ungrouped` second, the others in the order in which they were first named. */
  readonly groups: ReadonlyMap<string, Group>
  /** The controller, for plays that name it although no inventory does; not in `all`. */
  readonly localhost: InventoryHost
  /** Every name that is a variable of some host. */
  readonly variableNames: ReadonlySet<string>
  /** What is odd, and not wrong. */
  readonly warnings: readonly Problem[]
}

/** The host of that name; `localhost` is always there. */
export function hostOf(inventory: Inventory, name: HostName): InventoryHost | undefined {
  const found = inventory.hosts.get(name)
  return found ?? (name === inventory.localhost.name ? inventory.localhost : undefined)
}

/** The variable `group_names`: in the order of the alphabet, as in Ansible. */
export function groupNames({ groups }: InventoryHost): readonly string[] {
  return [...groups].sort()
}
