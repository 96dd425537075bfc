/** The hosts of a play: certain ones, and in a dry run those that may belong to it. */
import type { HostName } from '../base/brand.ts'
import type { Position } from '../base/errors.ts'
import { fits } from '../language/name-pattern.ts'
import type { JoinsGroup } from './inventory-change.ts'
import type { Inventory } from './inventory-model.ts'
import { type PatternResult, resolvePattern, splitPattern } from './pattern.ts'

export interface Members {
  /** In the order of the inventory; with those that only may belong to the play. */
  readonly hosts: readonly HostName[]
  /** Those that only may belong to it, each with the reason. */
  readonly doubts: ReadonlyMap<HostName, string>
  readonly unmatched: PatternResult['unmatched']
}

export function membersOf(inventory: Inventory, pattern: string, where: Position): Members {
  const now = resolvePattern(inventory, pattern, where)
  const selections = [now, ...otherInventories(inventory, pattern).map((one) => resolvePattern(one, pattern))]
  const sets = selections.map(({ hosts }) => new Set(hosts.map(({ name }) => name)))
  const order = [...new Set([...inventory.hosts.keys(), inventory.localhost.name])]
  const hosts = order.filter((name) => sets.some((set) => set.has(name)))
  const [first] = inventory.maybe
  const doubts = hosts.flatMap((name): readonly (readonly [HostName, string])[] => {
    if (sets.every((set) => set.has(name))) return []
    const own = inventory.maybe.find(({ host }) => host === name) ?? first
    return [[name, own?.why ?? '']]
  })
  return { hosts, doubts: new Map(doubts), unmatched: now.unmatched }
}

/** Dry runs only: what the inventory may be instead, as far as this pattern can see it. */
function otherInventories(inventory: Inventory, pattern: string): readonly Inventory[] {
  if (inventory.maybe.length === 0) return []
  const words = splitPattern(pattern).map((term) =>
    term.replace(/^[&!]+/, '').replace(/\[-?\d*:?-?\d*\]$/, ''),
  )
  const named = words.filter(
    (word) => /^[A-Za-z_][\w.-]*$/.test(word) && !inventory.hosts.has(word as HostName),
  )
  const names = new Set([...inventory.groups.keys(), ...named])
  // Those of one task and group together, so that `a:!b` sees the hosts that are only in one of them.
  const joined = new Map<string, JoinsGroup[]>()
  for (const { host, group, parents, why } of inventory.maybe)
    for (const name of names) {
      if (!['all', 'ungrouped'].includes(name) && [group, ...parents].some((one) => fits(name, one))) {
        const key = JSON.stringify([why, name])
        const where = { file: name, line: 1, column: 1 }
        joined.set(key, [
          ...(joined.get(key) ?? []),
          { kind: 'joins', host, group: name, parents: [], where },
        ])
      }
    }
  const each = [...joined.values()]
  return [each.flat(), ...each].flatMap((changes) => inventory.changed(changes).inventory ?? [])
}
