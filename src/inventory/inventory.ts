/** Reads inventories and puts together what they say of each host. */
import { basename, dirname, join } from 'node:path'
import { type HostName, hostName } from '../base/brand.ts'
import { InputError, type Problem } from '../base/errors.ts'
import { diskFiles, type Files } from '../language/files.ts'
import type { Variable, Variables } from '../language/model.ts'
import { problem, tidy } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import { InventoryBuilder, type Tier } from './builder.ts'
import type { Group, Host, Inventory } from './model.ts'
import { checkRelations } from './relations.ts'
import { readSource, readVariableFolders, variableFiles } from './sources.ts'

export interface InventoryOptions {
  /** Folders of the playbooks, for the `group_vars` and `host_vars` beside them. */
  readonly playbookDirectories?: readonly string[]
  /** Variables of the command line, which win over everything; relations between hosts are checked with them. */
  readonly extra?: Variables
  readonly files?: Files
}

/**
 * Reads all sources (`-i`, later ones win) and checks them.
 * @throws InputError with every mistake that was found.
 */
export function loadInventory(sources: readonly string[], options: InventoryOptions = {}): Inventory {
  const { inventory, problems } = readInventory(sources, options)
  if (inventory === undefined || problems.length > 0) throw new InputError(problems)
  return inventory
}

/** As `loadInventory`, with the mistakes as a value, so that those of the playbook can be reported beside them. */
export function readInventory(
  sources: readonly string[],
  options: InventoryOptions = {},
): { readonly inventory: Inventory | undefined; readonly problems: readonly Problem[] } {
  const files = options.files ?? diskFiles
  const builder = new InventoryBuilder()
  for (const source of sources) readSource(builder, source, files)
  const folders = [...new Set(sources.flatMap((source) => folderOf(source, files)))]
  for (const folder of folders) readVariableFolders(builder, folder, { files, beside: 'inventory' })
  for (const folder of new Set(options.playbookDirectories)) {
    if (!folders.includes(folder)) readVariableFolders(builder, folder, { files, beside: 'playbook' })
  }
  const { problems } = builder.values
  const cycle = findCycle(builder)
  if (cycle !== undefined) {
    problems.push(cycle)
    return { inventory: undefined, problems: tidy(problems) }
  }
  const inventory = assemble(builder, unusedVariableFiles(builder, folders, files))
  problems.push(...checkRelations(inventory, options.extra ?? new Map(), builder.schemas))
  return { inventory, problems: tidy(problems) }
}

function folderOf(source: string, files: Files): readonly string[] {
  const kind = source.includes(',') ? undefined : files.kind(source)
  return kind === undefined ? [] : [kind === 'directory' ? source : dirname(source)]
}

/** The first group that contains itself, with the way back to it. */
function findCycle(builder: InventoryBuilder): Problem | undefined {
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
          hint: 'take one of them out of the children of another',
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

function assemble(builder: InventoryBuilder, warnings: readonly Problem[]): Inventory {
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
  for (const groups of membership.values()) {
    const real = [...groups].filter((name) => name !== 'all' && name !== 'ungrouped')
    if (real.length > 0) groups.delete('ungrouped')
    else groups.add('ungrouped')
    groups.delete('all')
  }
  const hosts = new Map<HostName, Host>()
  for (const [name, where] of builder.hosts) {
    const groups = [...(membership.get(name) ?? [])].sort(
      (left, right) => depth(left) - depth(right) || (left < right ? -1 : 1),
    )
    hosts.set(name, { name, where, groups, variables: merge(builder, name, groups) })
  }
  const localhost = implicitLocalhost(builder)
  const variableNames = new Set([...hosts.values(), localhost].flatMap((host) => [...host.variables.keys()]))
  return { hosts, groups: groupsOf(builder, hosts), localhost, variableNames, warnings }
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

/** Ansible's order: what the inventory says of groups, then the files for all, for groups, and last what is said of the host itself. */
function merge(builder: InventoryBuilder, host: HostName, groups: readonly string[]): Variables {
  const merged = new Map<string, Variable>()
  const add = (tier: Tier, name: string) => {
    for (const [variable, value] of builder.variables(tier, name)) merged.set(variable, value)
  }
  for (const group of ['all', ...groups]) add('group in inventory', group)
  add('group_vars/all', 'all')
  add('playbook group_vars/all', 'all')
  for (const group of groups) add('group_vars', group)
  for (const group of groups) add('playbook group_vars', group)
  add('host in inventory', host)
  add('host_vars', host)
  add('playbook host_vars', host)
  return merged
}

function groupsOf(builder: InventoryBuilder, hosts: ReadonlyMap<HostName, Host>): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>()
  for (const { name, where, hosts: own, children } of builder.groups.values()) {
    const members = [...hosts.values()].filter((host) => name === 'all' || host.groups.includes(name))
    const ownHosts = name === 'ungrouped' ? members.map((host) => host.name) : [...own]
    groups.set(name, {
      name,
      where,
      hosts: members.map((host) => host.name),
      ownHosts,
      children: [...children.keys()],
    })
  }
  return groups
}

/** Sees the variables of `all`, as in Ansible, and is reached without a connection. */
function implicitLocalhost(builder: InventoryBuilder): Host {
  const name = hostName('localhost')
  const where = { file: 'localhost', line: 1, column: 1 }
  const local: Variable = {
    name: 'connection',
    where,
    value: { kind: 'literal', value: 'local', where },
  }
  const variables = new Map([...merge(builder, name, []), ['connection', local] as const])
  // What `all` says of addresses and nodes is not meant for the controller.
  for (const variable of ['address', 'port', 'node', 'ctid']) variables.delete(variable)
  return { name, where, groups: [], variables }
}

/** Files in `group_vars` and `host_vars` that belong to nothing: a misspelt name, as a rule. */
function unusedVariableFiles(
  builder: InventoryBuilder,
  folders: readonly string[],
  files: Files,
): readonly Problem[] {
  const warn = (folder: string, kind: 'group' | 'host', known: Iterable<string>) =>
    variableFiles(files, join(folder, `${kind}_vars`)).flatMap(({ name, paths }) => {
      const names = [...known]
      const [path] = paths
      if (path === undefined || names.includes(name)) return []
      return [
        problem('unused-variables', `there is no ${kind} "${name}", so "${path}" is not used`, {
          where: { file: path, line: 1, column: 1 },
          hint: didYouMean(basename(name), names),
        }),
      ]
    })
  return folders.flatMap((folder) => [
    ...warn(folder, 'group', builder.groups.keys()),
    ...warn(folder, 'host', [...builder.hosts.keys(), 'localhost']),
  ])
}
