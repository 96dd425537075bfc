/** Hosts, groups and their variables, read and merged. */
import type { HostName } from '../base/brand.ts'
import type { Position, Problem } from '../base/errors.ts'
import { Unknown } from '../base/unknown.ts'
import type { Variables } from '../language/model.ts'
import type { ConnectionVariables } from './connection-variables.ts'
import type { InventoryCandidate } from './host-values.ts'
import type { InventoryChange, MayJoin } from './inventory-change.ts'

export interface InventoryHost {
  readonly name: HostName
  /** The place of the first mention. */
  readonly where: Position
  /** All groups that contain it, directly or through children, without `all`; strongest last. */
  readonly groups: readonly string[]
  /** The merged variables by the names that the user wrote. Each has its position. */
  readonly variables: Variables
  /** Dry runs only: why it is unknown in which groups it is. */
  readonly doubt?: string
  /** Its connection settings, read with `settingOf`. */
  readonly connection: ConnectionVariables
}

export interface Group {
  readonly name: string
  /** Its hosts and those of its children, in Ansible's order. */
  readonly hosts: readonly HostName[]
  /** Hosts listed directly in the group. */
  readonly ownHosts: readonly HostName[]
  readonly children: readonly string[]
}

export interface Inventory {
  /** In the order of first mention. */
  readonly hosts: ReadonlyMap<HostName, InventoryHost>
  /** `all`, `ungrouped`, then the others in the order of first mention. */
  readonly groups: ReadonlyMap<string, Group>
  /** The controller, for plays that name it without an inventory entry; not in `all`. */
  readonly localhost: InventoryHost
  /** The names of all variables of all hosts. */
  readonly variableNames: ReadonlySet<string>
  /** Warnings about valid but unusual content. */
  readonly warnings: readonly Problem[]
  /** Warnings about files of variables of groups and hosts that do not exist, by their names. */
  readonly unusedFiles: readonly { readonly name: string; readonly warning: Problem }[]
  /** Names of the variables of groups and hosts that are wanted; they need not exist. */
  readonly namesIn: (wanted: (name: string) => boolean) => ReadonlySet<string>
  /** Dry runs only: which hosts may have joined groups. */
  readonly maybe: readonly MayJoin[]
  /** Returns the inventory after changes of a run (`group_by`, `add_host`). */
  readonly changed: (changes: readonly InventoryChange[]) => ChangedInventory
  /** Problems of its files of variables that cannot be decrypted. A run needs the variables of its hosts. */
  readonly lockedFiles: (host: InventoryHost) => readonly Problem[]
  /** Every place that sets a variable of a host, weakest first. */
  readonly candidates: (host: InventoryHost, variable: string) => readonly InventoryCandidate[]
}

export interface ChangedInventory {
  /** Undefined if the groups would contain each other. */
  readonly inventory: Inventory | undefined
  /** Why the changes are refused. */
  readonly problems: readonly Problem[]
}

/** Returns the host with this name; `localhost` always exists. */
export function hostOf(inventory: Inventory, name: HostName): InventoryHost | undefined {
  const found = inventory.hosts.get(name)
  return found ?? (name === inventory.localhost.name ? inventory.localhost : undefined)
}

/** Whether it lacks variables, since their files cannot be decrypted. */
export function isLocked(inventory: Inventory): boolean {
  return [...inventory.hosts.values()].some((host) => inventory.lockedFiles(host).length > 0)
}

/** The variable `group_names`: sorted alphabetically, as in Ansible; `Unknown` if a dry run does not know it. */
export function groupNames({ groups, doubt }: InventoryHost): readonly string[] | Unknown {
  return doubt === undefined ? [...groups].sort() : new Unknown(doubt)
}
