/** Groups: their hosts, and the order of groups and hosts. */
import type { HostName } from '../base/brand.ts'
import type { Problem } from '../base/errors.ts'
import { problem } from '../language/source.ts'
import type { GroupDraft, InventoryBuilder } from './builder.ts'
import type { Group } from './inventory-model.ts'

/** Finds the first group that contains itself, and the cycle. */
export function findCycle(builder: InventoryBuilder): Problem | undefined {
  const done = new Set<string>()
  const visit = (name: string, path: readonly string[]): Problem | undefined => {
    if (done.has(name)) return undefined
    const children = builder.groups.get(name)?.children ?? new Map()
    for (const [child, where] of children) {
      const open = [...path, name]
      const start = open.indexOf(child)
      if (start !== -1) {
        const cycle = [...open.slice(start), child].join(' -> ')
        return problem('cyclic-groups', `these groups contain each other: ${cycle}`, {
          where,
          hint: 'remove one of them from the children of another',
        })
      }
      const found = visit(child, open)
      if (found !== undefined) return found
    }
    done.add(name)
    return undefined
  }
  for (const name of builder.groups.keys()) {
    const found = visit(name, [])
    if (found !== undefined) return found
  }
  return undefined
}

/**
 * Returns the groups of each host without `all`, strongest last: ordered by depth, then priority, then name.
 */
export function groupsOfHosts(builder: InventoryBuilder): ReadonlyMap<HostName, readonly string[]> {
  const parents = parentsOf(builder)
  const depths = new Map<string, number>()
  const depth = (name: string): number => {
    const known = depths.get(name)
    if (known !== undefined) return known
    const found = name === 'all' ? 0 : 1 + Math.max(0, ...[...(parents.get(name) ?? [])].map(depth))
    depths.set(name, found)
    return found
  }
  const membership = new Map<HostName, Set<string>>()
  for (const host of builder.hosts.keys()) membership.set(host, new Set())
  for (const group of builder.groups.values()) {
    const above = ancestors(group.name, parents)
    for (const host of group.hosts) for (const name of above) membership.get(host)?.add(name)
  }
  const priority = (name: string): number => builder.groups.get(name)?.priority ?? 1
  return new Map(
    [...membership].map(([host, names]) => {
      const real = [...names].filter((name) => name !== 'all' && name !== 'ungrouped')
      const groups = real.length > 0 ? real : ['ungrouped']
      return [
        host,
        groups.sort(
          (left, right) =>
            depth(left) - depth(right) || priority(left) - priority(right) || (left < right ? -1 : 1),
        ),
      ]
    }),
  )
}

/**
 * Returns all groups. The hosts of each are in Ansible's order: its own, then those of its children, level by
 * level.
 */
export function groupsOf(
  builder: InventoryBuilder,
  memberships: ReadonlyMap<HostName, readonly string[]>,
): ReadonlyMap<string, Group> {
  const isUngrouped = (host: HostName): boolean => memberships.get(host)?.includes('ungrouped') === true
  // First those that a source lists there, then all others without a group.
  const ownHosts = ({ name, hosts }: GroupDraft): readonly HostName[] =>
    name === 'ungrouped' ? [...new Set([...hosts, ...builder.hosts.keys()])].filter(isUngrouped) : [...hosts]
  const parents = parentsOf(builder)
  const childrenOf = (group: GroupDraft): readonly string[] => {
    const named = [...group.children.keys()]
    if (group.name !== 'all') return named
    // Groups without a parent are children of all.
    const tops = [...builder.groups.keys()].filter((name) => name !== 'all' && !parents.has(name))
    return ['ungrouped', ...new Set([...named, ...tops])].filter(
      (name, index) => index === 0 || name !== 'ungrouped',
    )
  }
  const membersOf = (group: GroupDraft): readonly HostName[] => {
    const seen = new Set<string>([group.name])
    const found = new Set<HostName>()
    // The set grows during the iteration, which therefore goes level by level.
    for (const name of seen) {
      const draft = builder.groups.get(name)
      if (draft === undefined) continue
      for (const host of ownHosts(draft)) found.add(host)
      for (const child of childrenOf(draft)) seen.add(child)
    }
    return [...found]
  }
  return new Map(
    [...builder.groups.values()].map((group) => [
      group.name,
      {
        name: group.name,
        hosts: membersOf(group),
        ownHosts: ownHosts(group),
        children: [...group.children.keys()],
      },
    ]),
  )
}

/** The group and all that contain it, strongest last. */
export function groupsAbove(builder: InventoryBuilder, name: string): readonly string[] {
  return [...ancestors(name, parentsOf(builder))].reverse()
}

function parentsOf(builder: InventoryBuilder): ReadonlyMap<string, ReadonlySet<string>> {
  const parents = new Map<string, Set<string>>()
  for (const group of builder.groups.values()) {
    for (const child of group.children.keys()) {
      const known = parents.get(child) ?? new Set()
      parents.set(child, known.add(group.name))
    }
  }
  return parents
}

function ancestors(name: string, parents: ReadonlyMap<string, ReadonlySet<string>>): ReadonlySet<string> {
  const found = new Set<string>([name])
  for (const group of found) for (const parent of parents.get(group) ?? []) found.add(parent)
  return found
}
