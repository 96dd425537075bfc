/** Changes of an inventory during a run (`group_by`, `add_host`). They change only what gpuplay remembers. */
import type { HostName } from '../base/brand.ts'
import type { Position } from '../base/errors.ts'
import type { Variables } from '../language/model.ts'
import type { NamePattern } from '../language/name-pattern.ts'

export type InventoryChange = JoinsGroup | AddsHost | MayJoin

/** `group_by`: a host of the inventory joins a group, which is made if it does not exist. */
export interface JoinsGroup {
  readonly kind: 'joins'
  readonly host: HostName
  readonly group: string
  /** The groups that contain the group. */
  readonly parents: readonly string[]
  readonly where: Position
}

/** `add_host`: a host with these variables, in these groups. It may exist already. */
export interface AddsHost {
  readonly kind: 'adds'
  readonly host: HostName
  /** Its name, with a port if the task names one. */
  readonly written: string
  readonly groups: readonly string[]
  readonly variables: Variables
  /** The values of the variables; may contain `Secret`, in a dry run `Unknown`. */
  readonly data: Readonly<Record<string, unknown>>
  readonly where: Position
}

/** Dry runs only: a host may join one of these groups. */
export interface MayJoin {
  readonly kind: 'may join'
  readonly host: HostName
  readonly group: NamePattern
  readonly parents: readonly NamePattern[]
  /** Why it is unknown. */
  readonly why: string
}
