/** Checks relations between hosts: each container has a node, and no two hosts are the same container. */
import { type HostName, hostName } from '../base/brand.ts'
import { InputError, type Position, type Problem } from '../base/errors.ts'
import type { Variable, Variables } from '../language/model.ts'
import type { SchemaChecker } from '../language/schema.ts'
import { renderValue } from '../language/render.ts'
import { problem } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import { unreadableProblems } from '../language/values.ts'
import {
  ansibleNames,
  hostVariableSchemas,
  mixedNames,
  settingOf,
  sharedVariable,
} from './connection-variables.ts'
import { type GivenVariables, hostScope } from './host-scope.ts'
import { hypervisorName } from './phoenix/phoenix-pair.ts'
import type { InventoryHost, Inventory } from './inventory-model.ts'

export interface RelationOptions extends GivenVariables {
  readonly schemas: SchemaChecker
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

function unreadableOf(variables: Variables): ReadonlySet<Problem> {
  return new Set([...variables.values()].flatMap(({ value }) => unreadableProblems(value)))
}

/** Returns the mistakes in the connection variables of hosts, and of their nodes, that cannot be read. */
export function unreadableSettings(
  inventory: Inventory,
  names: Iterable<HostName>,
  given: GivenVariables,
): readonly Problem[] {
  const problems = new Set<Problem>()
  const hosts = new Set(names)
  // The set grows during the iteration.
  for (const name of hosts) {
    const host = inventory.hosts.get(name)
    if (host === undefined) continue
    for (const setting of Object.keys(hostVariableSchemas)) {
      const variable = settingOf(host, setting, given.extra)
      try {
        const value = variable === undefined ? undefined : renderValue(variable.value, hostScope(host, given))
        if (setting === 'node' && typeof value === 'string') hosts.add(hostName(value))
      } catch (error) {
        if (!(error instanceof InputError)) throw error
        const cannotRead = unreadableOf(host.variables)
        for (const found of error.problems) if (cannotRead.has(found)) problems.add(found)
      }
    }
  }
  return [...problems]
}

class RelationChecker {
  readonly problems: Problem[] = []
  readonly #inventory: Inventory
  readonly #given: GivenVariables
  readonly #schemas: SchemaChecker
  readonly #containers = new Map<string, { readonly host: HostName; readonly where: Position }>()
  /** A wrong value of a group is reported once, not once per host. */
  readonly #reported = new Set<string>()

  constructor(inventory: Inventory, options: RelationOptions) {
    this.#inventory = inventory
    this.#given = options
    this.#schemas = options.schemas
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
      const value = renderValue(variable.value, hostScope(host, this.#given))
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
      // A value that cannot be read is a mistake only if something connects to the host.
      const cannotRead = unreadableOf(host.variables)
      for (const found of error.problems) if (!cannotRead.has(found)) this.#add(found)
      return undefined
    }
  }

  #setting(host: InventoryHost, name: string): Variable | undefined {
    return settingOf(host, name, this.#given.extra)
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
