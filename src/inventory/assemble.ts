/** Makes an inventory from what its sources have said, and from the changes of a run. */
import { type HostName, hostName } from '../base/brand.ts'
import { defined } from '../base/defined.ts'
import { Unknown } from '../base/unknown.ts'
import type { Variable, Variables } from '../language/model.ts'
import { fits } from '../language/name-pattern.ts'
import { literalValue } from '../language/values.ts'
import type { InventoryBuilder } from './builder.ts'
import { connectionVariables } from './connection-variables.ts'
import { findCycle, groupsAbove, groupsOf, groupsOfHosts } from './groups.ts'
import type { GivenVariables } from './host-scope.ts'
import { inventoryCandidates, lockedFiles, mergedVariables } from './host-values.ts'
import type { InventoryChange, MayJoin } from './inventory-change.ts'
import type { ChangedInventory, InventoryHost, Inventory } from './inventory-model.ts'
import { checkRelations } from './relations.ts'

interface AssembleOptions extends Pick<Inventory, 'warnings' | 'unusedFiles'> {
  readonly maybe?: readonly MayJoin[]
  /** The inventory before the changes: hosts that have not changed are taken from it. */
  readonly before?: Inventory
  /** Hosts whose own variables have changed. */
  readonly touched?: ReadonlySet<HostName>
}

export function assemble(
  builder: InventoryBuilder,
  given: GivenVariables,
  { warnings, unusedFiles, maybe = [], before, touched = new Set() }: AssembleOptions,
): Inventory {
  const memberships = groupsOfHosts(builder)
  const doubts = new Map(maybe.map((one) => [one.host, one.why]))
  const hostOf = (name: HostName): InventoryHost => {
    const groups = memberships.get(name) ?? []
    const known = before?.hosts.get(name)
    const same = known?.groups.join(' ') === groups.join(' ') && known.doubt === doubts.get(name)
    if (known !== undefined && same && !touched.has(name)) return known
    const merged = mergedVariables(builder, name, groups)
    const variables = doubts.has(name) ? inDoubt(builder, { name, groups, merged, maybe }) : merged
    const connection = connectionVariables(merged, builder.ports.get(name))
    const where = builder.hosts.get(name) ?? { file: name, line: 1, column: 1 }
    return { name, where, groups, variables, connection, ...defined({ doubt: doubts.get(name) }) }
  }
  const hosts = new Map([...builder.hosts.keys()].map((name) => [name, hostOf(name)]))
  const localhost = before?.localhost ?? implicitLocalhost(builder)
  const inventory: Inventory = {
    hosts,
    groups: groupsOf(builder, memberships),
    localhost,
    variableNames: new Set([...hosts.values(), localhost].flatMap((host) => [...host.variables.keys()])),
    warnings,
    unusedFiles,
    maybe,
    namesIn: (wanted) => builder.variableNames(wanted),
    changed: (changes) => changed(builder, given, { inventory, changes }),
    lockedFiles: ({ name: host, groups }) => lockedFiles(builder, host, groups),
    candidates: ({ name: host, groups }, variable) =>
      inventoryCandidates(builder, { host, groups }, variable),
  }
  return inventory
}

function changed(
  builder: InventoryBuilder,
  given: GivenVariables,
  { inventory, changes }: { readonly inventory: Inventory; readonly changes: readonly InventoryChange[] },
): ChangedInventory {
  const copy = builder.copy()
  const maybe = [...inventory.maybe]
  const touched = new Set<HostName>()
  for (const change of changes) {
    if (change.kind === 'may join') maybe.push(change)
    else apply(copy, change, touched)
  }
  const cycle = findCycle(copy)
  if (cycle !== undefined) return { inventory: undefined, problems: [cycle] }
  const { warnings, unusedFiles } = inventory
  const made = assemble(copy, given, { warnings, unusedFiles, maybe, before: inventory, touched })
  // Joining a group must not change how a host is reached, so the relations of the others stay as they are.
  const added = changes.some(({ kind }) => kind === 'adds')
  const relations = added ? checkRelations(made, { ...given, schemas: copy.schemas }) : []
  return { inventory: made, problems: [...copy.values.problems, ...relations] }
}

function apply(
  builder: InventoryBuilder,
  change: Exclude<InventoryChange, MayJoin>,
  touched: Set<HostName>,
): void {
  const { host, where } = change
  if (change.kind === 'joins') {
    builder.group(change.group, where).hosts.add(host)
    for (const parent of change.parents) {
      if (parent === 'all') continue
      builder.group(parent, where)
      builder.addChild(parent, change.group, where)
    }
    return
  }
  builder.addHosts(change.written, where, 'ungrouped')
  for (const group of change.groups) builder.group(group, where).hosts.add(host)
  builder.setVariables('host in inventory', host, change.variables)
  touched.add(host)
}

/** The variables of a host: unknown where a group that it may have joined sets another value. */
function inDoubt(
  builder: InventoryBuilder,
  {
    name,
    groups,
    merged,
    maybe,
  }: {
    readonly name: HostName
    readonly groups: readonly string[]
    readonly merged: Variables
    readonly maybe: readonly MayJoin[]
  },
): Variables {
  const found = new Map(merged)
  for (const { host, group, parents, why } of maybe) {
    if (host !== name) continue
    const candidates = builder
      .groupNames()
      .filter((candidate) => candidate !== 'all' && [group, ...parents].some((one) => fits(candidate, one)))
    for (const candidate of candidates) {
      const joined = mergedVariables(builder, name, [...groups, ...groupsAbove(builder, candidate)])
      for (const [variable, { where, value }] of joined)
        if (merged.get(variable)?.value !== value)
          found.set(variable, { name: variable, where, value: literalValue(new Unknown(why), where) })
    }
  }
  return found
}

/** Has the variables of `all`, as in Ansible, and needs no connection. */
function implicitLocalhost(builder: InventoryBuilder): InventoryHost {
  const name = hostName('localhost')
  const where = { file: 'localhost', line: 1, column: 1 }
  const local: Variable = {
    name: 'connection',
    where,
    value: { kind: 'literal', value: 'local', where },
  }
  const variables = mergedVariables(builder, name, [])
  const { settings, ansible } = connectionVariables(variables)
  // Addresses and nodes set on `all` are not meant for the controller.
  const elsewhere = ['address', 'port', 'node', 'ctid', 'connection']
  const kept = [...settings].filter(([setting]) => !elsewhere.includes(setting))
  return {
    name,
    where,
    groups: [],
    variables,
    connection: { ansible, settings: new Map([...kept, ['connection', local]]) },
  }
}
