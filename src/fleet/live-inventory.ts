/**
 * The inventory of a run, which `group_by` and `add_host` change. Changes count from the next play on: until then
 * all hosts of a play see the same inventory, however fast they are.
 */
import { isDeepStrictEqual } from 'node:util'
import type { HostName } from '../base/brand.ts'
import type { Problem } from '../base/errors.ts'
import { revealAll, Secret } from '../base/secret.ts'
import type { Secrets } from '../base/secrets.ts'
import type { AddsHost, InventoryChange, JoinsGroup, MayJoin } from '../inventory/inventory-change.ts'
import type { InventoryHost, Inventory } from '../inventory/inventory-model.ts'
import { bornSecrets } from '../language/born-secrets.ts'
import type { InventoryTask } from '../language/inventory-tasks.ts'
import { problem } from '../language/source.ts'
import { secretInConnection } from './targets.ts'

export interface LiveInventory {
  /** As it was when the running plays started. */
  readonly now: Inventory
  /**
   * Takes a change for the next plays.
   * @param by The host whose task it is
   */
  record(by: HostName, change: JoinsGroup | AddsHost): Recorded
  /** Dry runs only. */
  mayJoin(change: MayJoin): void
  mayAdd(addition: MayAdd): void
  /** Dry runs only: hosts that tasks may have added, of which a dry run cannot know enough. */
  readonly mayHaveAdded: readonly MayAdd[]
  /** Called between plays: from now on, the changes count. */
  commit(): void
}

export type Recorded =
  | { readonly kind: 'refused'; readonly problem: Problem }
  /** The inventory is so already. */
  | { readonly kind: 'known' }
  /** `label` describes the change to people. */
  | { readonly kind: 'new'; readonly label: string; readonly undo: () => void }

export interface MayAdd {
  readonly task: InventoryTask
  /** Why it is unknown. */
  readonly why: string
}

interface Pending {
  readonly by: HostName
  readonly change: InventoryChange
}

export function createLiveInventory(loaded: Inventory, secrets: Pick<Secrets, 'add'>): LiveInventory {
  let now = loaded
  /** With the pending changes, in the order of time. */
  let next = loaded
  let pending: readonly Pending[] = []
  const added = new Map<HostName, AddsHost['data']>()
  const mayHaveAdded: MayAdd[] = []

  const isKnown = (by: HostName, change: JoinsGroup | AddsHost): boolean => {
    if (change.kind === 'joins') {
      // What others have done meanwhile does not count: which of them were faster may differ between two runs.
      const own = pending.flatMap((one) => (one.by === by && one.change.kind === 'joins' ? [one.change] : []))
      const { host, group, parents } = change
      const isIn =
        group === 'all' ||
        now.hosts.get(host)?.groups.includes(group) === true ||
        own.some((one) => one.group === group)
      return isIn && parents.every((parent) => parent === 'all' || isBelow(group, parent, own))
    }
    const host = next.hosts.get(change.host)
    if (host === undefined) return false
    const before = added.get(change.host) ?? {}
    const given = Object.entries(change.data)
    return (
      change.groups.every((group) => group === 'all' || host.groups.includes(group)) &&
      given.every(([name, value]) => isDeepStrictEqual(revealAll(before[name]), revealAll(value)))
    )
  }
  const isBelow = (group: string, parent: string, own: readonly JoinsGroup[]): boolean =>
    now.groups.get(parent)?.children.includes(group) === true ||
    own.some((one) => one.group === group && one.parents.includes(parent))

  return {
    get now() {
      return now
    },
    mayHaveAdded,
    record(by, change) {
      const early = refusedName(change, next)
      if (early !== undefined) return { kind: 'refused', problem: early }
      if (isKnown(by, change)) return { kind: 'known' }
      const { inventory, problems } = next.changed([change])
      const [refused] =
        inventory === undefined ? problems : [...problems, ...refusals(next, inventory, change)]
      if (refused !== undefined || inventory === undefined)
        return {
          kind: 'refused',
          problem: refused ?? problem('invalid-group', 'the groups cannot change so', {}),
        }
      for (const host of changedHosts(next, inventory))
        for (const variables of [host.variables, host.connection.settings])
          for (const secret of bornSecrets(variables)) secrets.add(secret)
      next = inventory
      const one: Pending = { by, change }
      pending = [...pending, one]
      const before = change.kind === 'adds' ? added.get(change.host) : undefined
      if (change.kind === 'adds') added.set(change.host, { ...before, ...change.data })
      const undo = (): void => {
        pending = pending.filter((other) => other !== one)
        next = now.changed(pending.map((other) => other.change)).inventory ?? now
        if (change.kind === 'adds') added.set(change.host, before ?? {})
      }
      return { kind: 'new', label: labelOfChange(change), undo }
    },
    mayJoin(change) {
      pending = [...pending, { by: change.host, change }]
    },
    mayAdd: (addition) => void mayHaveAdded.push(addition),
    commit() {
      if (pending.length === 0) return
      const order = [...now.hosts.keys()]
      const at = (host: HostName): number => (order.includes(host) ? order.indexOf(host) : order.length)
      const sorted = pending.toSorted((one, other) => at(one.by) - at(other.by))
      now = now.changed(sorted.map(({ change }) => change)).inventory ?? next
      next = now
      pending = []
    },
  }
}

function labelOfChange(change: JoinsGroup | AddsHost): string {
  if (change.kind === 'joins') return `join the group ${change.group}`
  const { host, groups } = change
  return groups.length === 0 ? `add the host ${host}` : `add the host ${host} to ${groups.join(', ')}`
}

/** What no group and no host may be called, and what is not in the inventory. */
function refusedName(change: JoinsGroup | AddsHost, inventory: Inventory): Problem | undefined {
  const { host, where } = change
  const groups = change.kind === 'joins' ? [change.group, ...change.parents] : change.groups
  const outside = host === inventory.localhost.name && !inventory.hosts.has(host)
  if (outside)
    return problem('invalid-group', `"${host}" is not in the inventory, so it cannot be in a group`, {
      where,
      hint: `write it into the inventory: ${host} connection=local`,
    })
  if (groups.includes('ungrouped'))
    return problem('invalid-group', '"ungrouped" has the hosts that are in no other group', {
      where,
      hint: 'choose another name',
    })
  const twin = groups.find(
    (group) => group === host || [...inventory.hosts.keys()].some((other) => other === group),
  )
  const name = twin ?? (inventory.groups.has(host) ? host : undefined)
  if (name === undefined) return undefined
  return problem('same-name', `"${name}" would be both a host and a group, and a pattern selects both`, {
    where,
    hint: 'choose another name',
  })
}

/** Why the changed inventory cannot be used, although each of its parts is correct. */
function refusals(before: Inventory, after: Inventory, change: JoinsGroup | AddsHost): readonly Problem[] {
  const { where } = change
  return changedHosts(before, after).flatMap((host): readonly Problem[] => {
    const locked = after.lockedFiles(host)
    if (locked.length > 0) return locked
    const known = before.hosts.get(host.name)
    if (known !== undefined) {
      const setting = otherSetting(known, host)
      if (setting === undefined) return []
      return [
        problem('connection-changed', `this would change how the run reaches "${host.name}": "${setting}"`, {
          where,
          hint: 'set connection variables in the inventory; they cannot change during a run',
        }),
      ]
    }
    const secret = change.kind === 'adds' ? secretSetting(host, change) : undefined
    return secret === undefined
      ? []
      : secretInConnection(secret).problems.map((found) => ({ ...found, where }))
  })
}

/** The hosts that were added or whose groups or variables have changed. */
function changedHosts(before: Inventory, after: Inventory): readonly InventoryHost[] {
  return [...after.hosts.values()].filter((host) => before.hosts.get(host.name) !== host)
}

/** A connection variable that differs, by the name that the user wrote. */
function otherSetting(known: InventoryHost, changed: InventoryHost): string | undefined {
  const [before, after] = [known.connection.settings, changed.connection.settings]
  for (const name of new Set([...before.keys(), ...after.keys()])) {
    const [was, is] = [before.get(name), after.get(name)]
    const [one, other] = [was?.value, is?.value]
    const same =
      one?.kind === 'literal' && other?.kind === 'literal' ? one.value === other.value : one === other
    if (!same) return is?.name ?? was?.name ?? name
  }
  return undefined
}

function secretSetting({ connection }: InventoryHost, { data }: AddsHost): string | undefined {
  const mayBeSecret = new Set(['password', 'private_key_passphrase', 'become_password'])
  for (const [name, { name: written }] of connection.settings)
    if (!mayBeSecret.has(name) && data[written] instanceof Secret) return written
  return undefined
}
