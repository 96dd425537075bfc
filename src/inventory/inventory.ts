/** Reads inventories and merges the variables of each host. */
import { basename, dirname, join } from 'node:path'
import { InputError, type Problem } from '../base/errors.ts'
import { blindKeys } from '../language/encrypted/keyring.ts'
import { diskFiles, type Files } from '../language/read-files.ts'
import type { LocalSources } from '../language/evaluation.ts'
import type { Variables } from '../language/model.ts'
import { problem, tidy } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import { ansibleProblems } from './ansible-variables.ts'
import { assemble } from './assemble.ts'
import { InventoryBuilder } from './builder.ts'
import { construct } from './construct.ts'
import { type Construction, constructionIn, readConstruction } from './constructed.ts'
import { connectClusters } from './clusters/cluster-connections.ts'
import { addCluster, type ClusterHosts } from './clusters/cluster-hosts.ts'
import type { AskedClusters } from './clusters/cluster-listing.ts'
import { readClusterSource } from './clusters/cluster-source.ts'
import { mergedVariables } from './host-values.ts'
import { findCycle, groupsOfHosts } from './groups.ts'
import type { InventoryHost, Inventory } from './inventory-model.ts'
import { checkRelations } from './relations.ts'
import type { GivenVariables } from './host-scope.ts'
import { readIniInventory } from './ini-inventory.ts'
import { placeHypervisor } from './phoenix/phoenix-node.ts'
import { hypervisorName } from './phoenix/phoenix-pair.ts'
import { phoenixReader } from './phoenix/phoenix.ts'
import { localPrograms, readProgram, type RunProgram } from './inventory-programs.ts'
import { type InventoryPart, isHostList, readSource } from './sources.ts'
import { readVariableFolders, variableFiles } from './variable-files.ts'
import { readYamlInventory } from './yaml-inventory.ts'

export interface InventoryOptions {
  /** Folders of the playbooks, for their `group_vars` and `host_vars`. */
  readonly playbookDirectories?: readonly string[]
  /**
   * Variables from the command line, which override all others; the checks of relations between hosts use
   * them.
   */
  readonly extra?: Variables
  readonly files?: Files
  /** The environment of gpuplay, for functions of variables and inventory programs. */
  readonly environment?: LocalSources['environment']
  /** Addresses of this machine: a Phoenix hypervisor with one of them is this machine. */
  readonly ownAddresses?: readonly string[]
  /** By default, programs run on this machine. */
  readonly programs?: RunProgram
  /** What clusters have answered (`src/fleet/clusters`). By default, there must be no source that needs answers. */
  readonly clusters?: AskedClusters | undefined
}

/**
 * Reads all sources (`-i`, later ones win) and checks them.
 * @throws InputError with all mistakes
 */
export function loadInventory(sources: readonly string[], options: InventoryOptions = {}): Inventory {
  const { inventory, problems } = readInventory(sources, options)
  if (inventory === undefined || problems.length > 0) throw new InputError(problems)
  return inventory
}

/** @throws InputError if variables of these hosts are in files that cannot be decrypted */
export function checkUnlocked(inventory: Inventory, hosts: readonly InventoryHost[]): void {
  const problems = tidy(hosts.flatMap((host) => inventory.lockedFiles(host)))
  if (problems.length > 0) throw new InputError(problems)
}

/**
 * Like `loadInventory`, but returns the mistakes, so that they can be reported together with those of the
 * playbook.
 */
export function readInventory(
  sources: readonly string[],
  options: InventoryOptions = {},
): { readonly inventory: Inventory | undefined; readonly problems: readonly Problem[] } {
  const files = options.files ?? diskFiles
  const { extra = new Map(), environment = {} } = options
  const builder = new InventoryBuilder()
  // Nothing is decrypted to construct groups and to find mistakes.
  const localSources = { environment, files: { ...files, keys: blindKeys }, folders: ['.'] }
  const given: GivenVariables = { extra, localSources }
  const { constructions, clusters } = readParts(
    builder,
    sources.flatMap((source) => readSource(builder, source, files)),
    {
      programs: options.programs ?? localPrograms(environment),
      clusters: options.clusters ?? nobodyAsked,
      given,
    },
  )
  const folders = [...new Set(sources.flatMap((source) => folderOf(source, files)))]
  for (const folder of folders) readVariableFolders(builder, folder, { files, beside: 'inventory' })
  for (const folder of new Set(options.playbookDirectories)) {
    if (!folders.includes(folder)) readVariableFolders(builder, folder, { files, beside: 'playbook' })
  }
  const { problems } = builder.values
  problems.push(...ansibleProblems(extra))
  if (findCycle(builder) === undefined) {
    connectClusters(builder, clusters, extra)
    construct(builder, constructions, given)
  }
  builder.reportUndeclared()
  const cycle = findCycle(builder)
  if (cycle !== undefined) {
    problems.push(cycle)
    return { inventory: undefined, problems: tidy(problems) }
  }
  const hypervisor = mergedVariables(
    builder,
    hypervisorName,
    groupsOfHosts(builder).get(hypervisorName) ?? [],
  )
  placeHypervisor(builder, new Map([...hypervisor, ...extra]), options.ownAddresses ?? [])
  const inventory = assemble(builder, given, {
    warnings: [...builder.warnings, ...sameNames(builder)],
    unusedFiles: unusedVariableFiles(builder, folders, files),
  })
  problems.push(...checkRelations(inventory, { ...given, schemas: builder.schemas }))
  return { inventory, problems: tidy(problems) }
}

const nobodyAsked: AskedClusters = (path) => {
  throw new Error(`nobody has asked the cluster of ${path}`)
}

interface Sources {
  readonly programs: RunProgram
  readonly clusters: AskedClusters
  readonly given: GivenVariables
}

/** Reads all parts. Constructions and connections need the hosts of all others. */
function readParts(
  builder: InventoryBuilder,
  parts: readonly InventoryPart[],
  sources: Sources,
): { readonly constructions: readonly Construction[]; readonly clusters: readonly ClusterHosts[] } {
  const constructions: Construction[] = []
  const clusters: ClusterHosts[] = []
  const phoenixFiles = parts.flatMap((part) => (part.kind === 'phoenix' ? [part.file] : []))
  const readPhoenix = phoenixReader(builder, phoenixFiles)
  for (const part of parts) {
    switch (part.kind) {
      case 'names':
        for (const name of part.names) {
          builder.addHosts(name, { file: '-i', line: 1, column: 1 }, 'ungrouped')
        }
        break
      case 'ini':
        readIniInventory(builder, part.source)
        break
      case 'yaml':
        readYamlInventory(builder, part.source, part.root)
        break
      case 'phoenix':
        readPhoenix(part.file)
        break
      case 'program':
        readProgram(builder, part.path, sources.programs)
        break
      case 'constructed':
        constructions.push(readConstruction(builder, part.root))
        break
      case 'cluster': {
        const added = readCluster(builder, part, sources)
        const construction = constructionIn(builder, part.root, { strict: false })
        if (added === undefined) break
        clusters.push(added)
        constructions.push({ ...construction, hosts: added.names })
        break
      }
      case 'wrong':
        builder.values.problems.push(...part.problems)
        break
    }
  }
  return { constructions, clusters }
}

function readCluster(
  builder: InventoryBuilder,
  { path, root }: Extract<InventoryPart, { readonly kind: 'cluster' }>,
  { clusters, given }: Sources,
): ClusterHosts | undefined {
  const source = readClusterSource(builder, root, given.localSources.environment)
  const answer = source === undefined ? undefined : clusters(path)
  if (answer?.kind === 'failed') builder.values.problems.push(...answer.problems)
  return source === undefined || answer?.kind !== 'listing'
    ? undefined
    : addCluster(builder, { source, listing: answer.listing }, given)
}

function folderOf(source: string, files: Files): readonly string[] {
  const kind = isHostList(source, files) ? undefined : files.kind(source)
  return kind === undefined ? [] : [kind === 'directory' ? source : dirname(source)]
}

function sameNames({ hosts, groups }: InventoryBuilder): readonly Problem[] {
  return [...hosts].flatMap(([name, where]) =>
    groups.has(name)
      ? [
          problem('same-name', `"${name}" is both a host and a group, and a pattern selects both`, {
            where,
            hint: 'give one of them another name',
          }),
        ]
      : [],
  )
}

/** Files in `group_vars` and `host_vars` that match no group or host: usually a misspelt name. */
function unusedVariableFiles(
  builder: InventoryBuilder,
  folders: readonly string[],
  files: Files,
): Inventory['unusedFiles'] {
  const warn = (folder: string, kind: 'group' | 'host', names: readonly string[]) =>
    variableFiles(files, join(folder, `${kind}_vars`), []).flatMap(({ name, paths }) => {
      const [path] = paths
      if (path === undefined || names.includes(name)) return []
      const warning = problem('unused-variables', `there is no ${kind} "${name}", so "${path}" is not used`, {
        where: { file: path, line: 1, column: 1 },
        hint: didYouMean(basename(name), names),
      })
      return [{ name, warning }]
    })
  return folders.flatMap((folder) => [
    ...warn(folder, 'group', [...builder.groups.keys()]),
    ...warn(folder, 'host', [...builder.hosts.keys(), 'localhost']),
  ])
}
