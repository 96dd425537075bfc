/** Makes hosts, groups and variables of what a cluster has answered. Its texts are never templates. */
import { type HostName, hostName } from '../../base/brand.ts'
import { InputError, type Problem } from '../../base/errors.ts'
import { defined } from '../../base/defined.ts'
import { evaluateCondition } from '../../language/expression.ts'
import type { Variable } from '../../language/model.ts'
import { renderValue } from '../../language/render.ts'
import type { VariableScope } from '../../language/scope.ts'
import { problem } from '../../language/source.ts'
import { literalValue } from '../../language/values.ts'
import type { InventoryBuilder } from '../builder.ts'
import { type GivenVariables, hostScope } from '../host-scope.ts'
import { containerGpus } from './container-gpus.ts'
import type { ClusterListing, ListedConfig, ListedContainer } from './cluster-listing.ts'
import type { ClusterSource } from './cluster-source.ts'

/** The hosts of a source. */
export interface ClusterHosts {
  readonly source: ClusterSource
  readonly listing: ClusterListing
  /** The nodes, then the containers that the filters leave. */
  readonly names: ReadonlySet<HostName>
}

export function addCluster(
  builder: InventoryBuilder,
  { source, listing }: Omit<ClusterHosts, 'names'>,
  given: GivenVariables,
): ClusterHosts {
  const adder = new ClusterAdder(builder, source, given)
  builder.warnings.push(...listing.warnings)
  for (const group of ['nodes', 'all_lxc', 'all_running', 'all_stopped', 'all_templates']) adder.group(group)
  if (source.wantsFacts) for (const group of ['gpu_nodes', 'gpu_containers']) adder.group(group)
  for (const node of listing.nodes) {
    const status = node.isOnline ? 'online' : 'offline'
    const groups = ['nodes', `all_${status}`, ...((node.gpus ?? []).length > 0 ? ['gpu_nodes'] : [])]
    adder.add(node.name, {
      groups,
      variables: { proxmox_status: status, ...defined({ proxmox_gpus: node.gpus }) },
    })
    adder.group(`${node.name}_lxc`)
  }
  for (const container of listing.containers) adder.container(container)
  builder.values.problems.push(...adder.problems())
  return { source, listing, names: adder.names }
}

type Data = Readonly<Record<string, unknown>>

class ClusterAdder {
  readonly names = new Set<HostName>()
  readonly #builder: InventoryBuilder
  readonly #source: ClusterSource
  readonly #given: GivenVariables
  /** What has a name, for messages. */
  readonly #owners = new Map<string, string>()
  /** Each mistake in an expression once. */
  readonly #mistakes = new Map<string, Problem>()

  constructor(builder: InventoryBuilder, source: ClusterSource, given: GivenVariables) {
    this.#builder = builder
    this.#source = source
    this.#given = given
  }

  problems(): readonly Problem[] {
    return [...this.#mistakes.values()]
  }

  /** Declares a group; as in Ansible's plugin, names are in lower case. Returns its name. */
  group(name: string): string {
    const full = `${this.#source.prefix}${name.toLowerCase()}`.replaceAll(' ', '').replaceAll(/\W/g, '_')
    return this.#builder.group(full, this.#source.where).name
  }

  add(
    name: string,
    {
      groups,
      variables,
      owner = 'a node',
    }: { readonly groups: readonly string[]; readonly variables: Data; readonly owner?: string },
  ): void {
    const { where } = this.#source
    const other = this.#owners.get(name)
    if (other !== undefined) {
      this.#report(
        problem(
          'duplicate-name',
          `${owner} and ${other} of the cluster are both named ${JSON.stringify(name)}`,
          {
            where,
            hint: `give each container a name of its own: lxc_hostname: '{{name}}-{{vmid}}'`,
          },
        ),
      )
      return
    }
    this.#owners.set(name, owner)
    // A name that is no host name has been reported.
    for (const host of this.#builder.addHosts(name, where)) {
      this.names.add(host)
      this.#builder.setVariables('host in inventory', host, this.#variables(variables))
      for (const group of groups) this.#builder.groups.get(this.group(group))?.hosts.add(host)
    }
  }

  container(container: ListedContainer): void {
    const variables = variablesOf(container)
    const scope = this.#scope(container.name, variables)
    const isWanted = this.#attempt(() => evaluateCondition(this.#source.filters, scope) === true) ?? false
    const name = isWanted ? this.#nameOf(container, variables) : undefined
    if (name === undefined) return
    const { ctid, node, status, isTemplate, tags, pool } = container
    const gpus = variables['proxmox_gpu_devices']
    const groups = [
      ...(isTemplate ? ['all_templates'] : ['all_lxc', `${node}_lxc`, `all_${status}`]),
      ...(pool === undefined ? [] : [`pool_${pool}`]),
      ...tags.map((tag) => `tag_${tag}`),
      ...(!isTemplate && Array.isArray(gpus) && gpus.length > 0 ? ['gpu_containers'] : []),
    ]
    this.add(name, { groups, variables, owner: `container ${ctid}` })
  }

  #nameOf(container: ListedContainer, variables: Data): string | undefined {
    const { containerName } = this.#source
    if (containerName === undefined) return container.name
    const { ctid: vmid, node, status, isTemplate: template, tags, pool, name } = container
    // The names that templates of Ansible's plugin read.
    const fields = { name, vmid, node, status, template, type: 'lxc', tags: tags.join(';'), pool: pool ?? '' }
    const rendered = this.#attempt(() =>
      renderValue(containerName, this.#scope(container.name, { ...variables, ...fields })),
    )
    if (rendered === undefined) return undefined
    if (typeof rendered === 'string' && rendered !== '') return rendered
    this.#report(
      problem('wrong-type', '"lxc_hostname" must give a text', {
        where: containerName.where,
        hint: "write a template: '{{name}}-{{vmid}}'",
      }),
    )
    return undefined
  }

  #scope(name: string, variables: Data): VariableScope {
    const host = { name: hostName(name), groups: [], variables: this.#variables(variables) }
    return hostScope(host, this.#given)
  }

  #variables(data: Data): ReadonlyMap<string, Variable> {
    const { where } = this.#source
    return new Map(
      Object.entries(data).map(([name, value]) => [name, { name, where, value: literalValue(value, where) }]),
    )
  }

  /** Returns nothing after a mistake. */
  #attempt<T>(work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      for (const found of error.problems) this.#report(found)
      return undefined
    }
  }

  #report(found: Problem): void {
    this.#mistakes.set(JSON.stringify([found.code, found.message, found.where]), found)
  }
}

/** The names are those of Ansible's plugin where it has one. */
function variablesOf(container: ListedContainer): Data {
  const { ctid, name, node, status, isTemplate, tags, pool, config } = container
  return {
    ...(config === undefined ? {} : settingsOf(config)),
    node,
    ctid,
    proxmox_name: name,
    proxmox_node: node,
    proxmox_pool: pool ?? '',
    proxmox_status: status,
    proxmox_tags: tags.join(';'),
    proxmox_tags_parsed: tags,
    proxmox_template: isTemplate,
    proxmox_vmid: ctid,
    proxmox_vmtype: 'lxc',
    ...defined({ proxmox_gpu_devices: config === undefined ? undefined : containerGpus(config) }),
  }
}

/** As in Ansible's plugin, `name=eth0,bridge=vmbr0` is a map. */
function settingsOf({ settings }: ListedConfig): Data {
  const entries = Object.entries(settings).flatMap(([key, value]): readonly (readonly [string, unknown])[] =>
    /^[a-z][a-z0-9_]*$/.test(key) && key !== 'digest' ? [[`proxmox_${key}`, partsOf(value)]] : [],
  )
  return Object.fromEntries(entries)
}

function partsOf(value: string | number): unknown {
  if (typeof value === 'number') return value
  const parts = value.split(',').map((part) => /^([^=]+)=(.*)$/s.exec(part)?.slice(1))
  return parts.every((part) => part !== undefined)
    ? Object.fromEntries(parts.map(([key = '', text = '']) => [key, text]))
    : value
}
