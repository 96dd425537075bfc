/** Checks relations between hosts: each container has a node, and no two hosts are the same container. */
import { type HostName, hostName } from '../base/brand.ts'
import { InputError, type Position, type Problem } from '../base/errors.ts'
import type { Variable, Variables } from '../language/model.ts'
import type { SchemaChecker } from '../language/schema.ts'
import { renderValue } from '../language/render.ts'
import type { LocalSources } from '../language/evaluation.ts'
import { type Layer, VariableScope } from '../language/scope.ts'
import { problem } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import {
  ansibleNames,
  hostVariableSchemas,
  mixedNames,
  settingOf,
  sharedVariable,
} from './connection-variables.ts'
import { hypervisorName } from './phoenix/phoenix-pair.ts'
import { groupNames, type InventoryHost, type Inventory } from './inventory-model.ts'

export interface RelationOptions {
  readonly extra: Variables
  readonly schemas: SchemaChecker
  readonly localSources: LocalSources
}

/**
 * Renders the variables that the engine itself reads (`node`, `ctid`, `address`, ...) and returns their
 * problems.
 */
export function checkRelations(inventory: Inventory, given: RelationOptions): readonly Problem[] {
  const checker = new RelationChecker(inventory, given)
  for (const host of inventory.hosts.values()) {
    checker.names(host)
    checker.host(host)
  }
  checker.shared()
  return checker.problems
}

class RelationChecker {
  readonly problems: Problem[] = []
  readonly #inventory: Inventory
  readonly #extra: Variables
  readonly #schemas: SchemaChecker
  readonly #localSources: LocalSources
  readonly #containers = new Map<string, { readonly host: HostName; readonly where: Position }>()
  /** A wrong value of a group is reported once, not once per host. */
  readonly #reported = new Set<string>()

  constructor(inventory: Inventory, { extra, schemas, localSources }: RelationOptions) {
    this.#inventory = inventory
    this.#extra = extra
    this.#schemas = schemas
    this.#localSources = localSources
  }

  /** Reports the use of both our names and Ansible's on one host. */
  names({ name, variables, connection }: InventoryHost): void {
    const mixed = mixedNames(variables, connection)
    if (mixed === undefined) return
    const { ours, ansible, twin } = mixed
    const message = `"${name}" has both "${ours.name}" and Ansible's "${ansible.name}"`
    this.#report('mixed-names', message, {
      where: ours.where,
      hint: `write "${twin}" here; "${ansible.name}" is at ${ansible.where.file}:${ansible.where.line}`,
    })
  }

  shared(): void {
    const found = sharedVariable(this.#inventory.hosts.values())
    if (found === undefined) return
    const { variable, connects, owns } = found
    const [twin = ''] = ansibleNames[variable.name] ?? []
    const message = `"${variable.name}" is ambiguous: gpuplay uses it to connect to "${connects}", but "${owns}" uses Ansible's names, so there it is an ordinary variable`
    this.#report('mixed-names', message, {
      where: variable.where,
      hint: `if it is for the connection, write "${twin}"; otherwise rename it`,
    })
  }

  host(host: InventoryHost): void {
    const ctid = this.#text(host, 'ctid')
    const node = this.#text(host, 'node')
    const connection = this.#text(host, 'connection')
    for (const name of Object.keys(hostVariableSchemas)) this.#text(host, name)
    if (ctid === undefined) {
      if (connection === 'pct' || node !== undefined) this.#noContainerId(host, connection)
      return
    }
    if (node === undefined) {
      if (this.#setting(host, 'node') === undefined) this.#noNode(host)
      return
    }
    const found = this.#node(host, node)
    if (found !== undefined) this.#onlyOnce(host, found, ctid)
  }

  #noContainerId(host: InventoryHost, connection: string | undefined): void {
    if (this.#setting(host, 'ctid') !== undefined) return
    const name = connection === 'pct' ? 'connection' : 'node'
    const variable = this.#setting(host, name)
    const where = variable?.where ?? host.where
    this.#report('missing-ctid', `the container "${host.name}" has no "ctid"`, {
      where: host.where,
      hint:
        name === 'node'
          ? `add "ctid: 101"; if "node" is a variable of your application, rename it (${where.file}:${where.line})`
          : `add "ctid: 101", or remove "${variable?.name ?? name}" (${where.file}:${where.line})`,
    })
  }

  #noNode(host: InventoryHost): void {
    this.#report('missing-node', `the container "${host.name}" has no "node"`, {
      where: this.#setting(host, 'ctid')?.where ?? host.where,
      hint: 'add "node: NAME", where NAME is a host of this inventory',
    })
  }

  #node(host: InventoryHost, name: string): InventoryHost | undefined {
    const where = this.#setting(host, 'node')?.value.where ?? host.where
    const node = this.#inventory.hosts.get(hostName(name))
    if (node === undefined) {
      const others = [...this.#inventory.hosts.values()]
      const candidates = others
        .filter((other) => other !== host && !other.connection.settings.has('ctid'))
        .map((other) => other.name)
      const known =
        name === hypervisorName
          ? 'if it is that of a Phoenix configuration, add -i phoenix_hypervisor_config.json'
          : candidates.length === 0
            ? `add "${name}" to the inventory as a host`
            : `the hosts are ${candidates.join(', ')}`
      const message = `"${name}", the node of "${host.name}", is not a host of the inventory`
      const found = problem('unknown-node', message, { where, hint: didYouMean(name, candidates, known) })
      // The variable of a group is reported for its first host.
      this.#add(found, JSON.stringify([found.code, where]))
      return undefined
    }
    if (node === host || this.#text(node, 'ctid') !== undefined) {
      const message =
        node === host
          ? `"${host.name}" cannot be its own node`
          : `"${name}" is itself a container and cannot be the node of "${host.name}"`
      this.#report('invalid-node', message, { where, hint: 'name the host that runs Proxmox VE' })
      return undefined
    }
    return node
  }

  /** Ids are unique in a cluster; two standalone nodes may both have a container 101. */
  #onlyOnce(host: InventoryHost, node: InventoryHost, ctid: string): void {
    const cluster = this.#text(node, 'pve_cluster')
    const key = JSON.stringify([cluster === undefined ? ['node', node.name] : ['cluster', cluster], ctid])
    const where = this.#setting(host, 'ctid')?.value.where ?? host.where
    const other = this.#containers.get(key)
    if (other === undefined) {
      this.#containers.set(key, { host: host.name, where })
      return
    }
    const place = cluster === undefined ? `of the node "${node.name}"` : `of the cluster "${cluster}"`
    this.#report('duplicate-ctid', `"${host.name}" and "${other.host}" are both container ${ctid} ${place}`, {
      where,
      hint: `the other one is at ${other.where.file}:${other.where.line}; give one of them another ctid`,
    })
  }

  /** Returns a variable's rendered text; `undefined` if it is not set, not known yet, or wrong. */
  #text(host: InventoryHost, name: string): string | undefined {
    const variable = this.#setting(host, name)
    if (variable === undefined) return undefined
    try {
      const value = renderValue(variable.value, this.#scope(host))
      const schema = hostVariableSchemas[name]
      const subject = {
        label: `"${variable.name}"`,
        where: variable.value.where,
        code: 'invalid-variable',
      } as const
      // ansible-variables.ts reports wrong values of ansible_connection.
      const checked = variable.name === 'ansible_connection' && variable.value.kind === 'literal'
      if (schema !== undefined && !checked) {
        const { problems } = this.#schemas.complete(schema, value, { value: variable.value, subject })
        for (const found of problems) this.#add(found)
      }
      return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      for (const found of error.problems) this.#add(found)
      return undefined
    }
  }

  #setting(host: InventoryHost, name: string): Variable | undefined {
    return settingOf(host, name, this.#extra)
  }

  #scope(host: InventoryHost): VariableScope {
    const data = new Map<string, unknown>([
      ['inventory_hostname', host.name],
      ['group_names', groupNames(host)],
    ])
    const layers: readonly Layer[] = [
      { layer: 'inventory', written: host.variables },
      { layer: 'extra vars', written: this.#extra },
      { layer: 'built in', data },
    ]
    return new VariableScope(layers, undefined, this.#localSources)
  }

  #report(code: string, message: string, details: { where: Position; hint?: string | undefined }): void {
    this.#add(problem(code, message, details))
  }

  #add(found: Problem, key = JSON.stringify([found.code, found.message, found.where])): void {
    if (this.#reported.has(key)) return
    this.#reported.add(key)
    this.problems.push(found)
  }
}
