/**
 * Sets how to reach the nodes of a cluster, where nothing else in the inventory says so. Call it when all other
 * variables are known: whether a host uses gpuplay's names or Ansible's depends on them.
 */
import type { HostName } from '../../base/brand.ts'
import { hostName } from '../../base/brand.ts'
import type { Value, Variable, Variables } from '../../language/model.ts'
import { literalValue } from '../../language/values.ts'
import type { InventoryBuilder } from '../builder.ts'
import { ansibleNames } from '../connection-variables.ts'
import { groupsOfHosts } from '../groups.ts'
import { mergedVariables } from '../host-values.ts'
import type { ClusterHosts } from './cluster-hosts.ts'
import type { ListedNode } from './cluster-listing.ts'
import type { ClusterSource } from './cluster-source.ts'

/** @param extra Variables of the command line. */
export function connectClusters(
  builder: InventoryBuilder,
  clusters: readonly ClusterHosts[],
  extra: Variables,
): void {
  const memberships = clusters.length === 0 ? new Map<HostName, readonly string[]>() : groupsOfHosts(builder)
  for (const { source, listing } of clusters) {
    for (const node of listing.nodes) {
      const host = hostName(node.name)
      const groups = memberships.get(host)
      if (groups === undefined) continue
      const known = new Map([...mergedVariables(builder, host, groups), ...extra])
      const wanted = new Map(settingsFor(source, node))
      if (listing.cluster !== undefined)
        wanted.set('pve_cluster', { at: source.where, value: literalValue(listing.cluster, source.where) })
      builder.setVariables('host in inventory', host, missing(wanted, known))
    }
  }
}

interface Setting {
  readonly at: Variable['where']
  readonly value: Value
}

function settingsFor(source: ClusterSource, node: ListedNode): readonly (readonly [string, Setting])[] {
  const { where, settings, way, setsAddresses } = source
  const address = setsAddresses && node.address !== undefined ? literalValue(node.address, where) : undefined
  const addressed = address === undefined ? [] : [['address', { at: where, value: address }] as const]
  if (way === 'https') return addressed
  const written = [...settings].flatMap(([name, variable]) =>
    // These lead to the node that has answered.
    node.isLocal || !['address', 'connection'].includes(name) || isOpenSsh(variable)
      ? [[name, { at: variable.where, value: variable.value }] as const]
      : [],
  )
  return [
    ...(written.some(([name]) => name === 'address' || isLocal(settings, node)) ? [] : addressed),
    ...written,
  ]
}

function isOpenSsh({ name, value }: Variable): boolean {
  return name === 'connection' && value.kind === 'literal' && value.value !== 'local'
}

function isLocal(settings: Variables, node: ListedNode): boolean {
  return node.isLocal && settings.has('connection') && !settings.has('address')
}

/** The settings that the host lacks, in the names that it uses. */
function missing(wanted: ReadonlyMap<string, Setting>, known: Variables): Variables {
  const isAnsible = Object.values(ansibleNames).some((names) => names.some((name) => known.has(name)))
  const found = new Map<string, Variable>()
  for (const [setting, { at, value }] of wanted) {
    const twins = ansibleNames[setting] ?? []
    const [twin = setting] = twins
    if ((isAnsible && twins.length > 0 ? twins : [setting, ...twins]).some((name) => known.has(name)))
      continue
    const name = isAnsible ? twin : setting
    found.set(name, { name, where: at, value })
  }
  return found
}
