/** What hosts say of one another: each container has a node, and no two are the same container. */
import { type HostName, hostName } from '../base/brand.ts'
import { InputError, type Position, type Problem } from '../base/errors.ts'
import type { Variables } from '../language/model.ts'
import type { SchemaChecker } from '../language/schema.ts'
import { VariableScope } from '../language/scope.ts'
import { problem } from '../language/source.ts'
import { didYouMean } from '../language/suggest.ts'
import { hostVariableSchemas } from './host-variables.ts'
import type { Host, Inventory } from './model.ts'

/** Problems with the variables that the engine itself reads (`node`, `ctid`, `address`, ...), which are rendered for this. */
export function checkRelations(
  inventory: Inventory,
  extra: Variables,
  schemas: SchemaChecker,
): readonly Problem[] {
  const checker = new RelationChecker(inventory, extra, schemas)
  for (const host of inventory.hosts.values()) checker.host(host)
  return checker.problems
}

class RelationChecker {
  readonly problems: Problem[] = []
  readonly #inventory: Inventory
  readonly #extra: Variables
  readonly #schemas: SchemaChecker
  readonly #containers = new Map<string, { readonly host: HostName; readonly where: Position }>()
  /** A value that comes from a group is wrong once, not once for each of its hosts. */
  readonly #reported = new Set<string>()

  constructor(inventory: Inventory, extra: Variables, schemas: SchemaChecker) {
    this.#inventory = inventory
    this.#extra = extra
    this.#schemas = schemas
  }

  host(host: Host): void {
    const ctid = this.#text(host, 'ctid')
    const node = this.#text(host, 'node')
    const connection = this.#text(host, 'connection')
    for (const name of Object.keys(hostVariableSchemas)) this.#text(host, name)
    if (ctid === undefined) {
      if (connection === 'pct' || node !== undefined) this.#noContainerId(host, connection)
      return
    }
    if (node === undefined) {
      if (!host.variables.has('node')) this.#noNode(host)
      return
    }
    const found = this.#node(host, node)
    if (found !== undefined) this.#onlyOnce(host, found, ctid)
  }

  #noContainerId(host: Host, connection: string | undefined): void {
    if (host.variables.has('ctid')) return
    const variable = connection === 'pct' ? 'connection' : 'node'
    const where = host.variables.get(variable)?.where ?? host.where
    this.#report('missing-ctid', `"${host.name}" is a container and has no "ctid"`, {
      where: host.where,
      hint: `add "ctid: 101", or take "${variable}" away (${where.file}:${where.line})`,
    })
  }

  #noNode(host: Host): void {
    this.#report('missing-node', `the container "${host.name}" does not say on which node it is`, {
      where: host.variables.get('ctid')?.where ?? host.where,
      hint: 'add "node: NAME", where NAME is a host of this inventory',
    })
  }

  #node(host: Host, name: string): Host | undefined {
    const where = host.variables.get('node')?.value.where ?? host.where
    const node = this.#inventory.hosts.get(hostName(name))
    if (node === undefined) {
      const others = [...this.#inventory.hosts.values()]
      const candidates = others.filter((other) => !other.variables.has('ctid')).map((other) => other.name)
      this.#report('unknown-node', `there is no host "${name}" that could be the node of "${host.name}"`, {
        where,
        hint: didYouMean(name, candidates, `the hosts are ${candidates.join(', ')}`),
      })
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
  #onlyOnce(host: Host, node: Host, ctid: string): void {
    const cluster = this.#text(node, 'pve_cluster')
    const key = JSON.stringify([cluster === undefined ? ['node', node.name] : ['cluster', cluster], ctid])
    const where = host.variables.get('ctid')?.value.where ?? host.where
    const other = this.#containers.get(key)
    if (other === undefined) {
      this.#containers.set(key, { host: host.name, where })
      return
    }
    const place = cluster === undefined ? `of the node "${node.name}"` : `of the cluster "${cluster}"`
    this.#report('duplicate-ctid', `"${host.name}" and "${other.host}" are both container ${ctid} ${place}`, {
      where,
      hint: `the other one is at ${other.where.file}:${other.where.line}; give one of them its own ctid`,
    })
  }

  /** A variable's rendered text; `undefined` when it is not set, not known yet, or wrong. */
  #text(host: Host, name: string): string | undefined {
    const variable = this.#extra.get(name) ?? host.variables.get(name)
    if (variable === undefined) return undefined
    try {
      const value = this.#scope(host).get(name)
      const schema = hostVariableSchemas[name]
      const subject = { label: `"${name}"`, where: variable.value.where, code: 'invalid-variable' } as const
      // Literals were checked when they were read.
      if (schema !== undefined && variable.value.kind !== 'literal') {
        const { problems } = this.#schemas.complete(schema, value, { value: undefined, subject })
        for (const found of problems) this.#add(found)
      }
      return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      for (const found of error.problems) this.#add(found)
      return undefined
    }
  }

  #scope(host: Host): VariableScope {
    const data = new Map<string, unknown>([
      ['inventory_hostname', host.name],
      ['group_names', host.groups],
    ])
    return new VariableScope([
      { layer: 'inventory', written: host.variables },
      { layer: 'extra vars', written: this.#extra },
      { layer: 'built in', data },
    ])
  }

  #report(code: string, message: string, details: { where: Position; hint?: string | undefined }): void {
    this.#add(problem(code, message, details))
  }

  #add(found: Problem): void {
    const key = JSON.stringify([found.code, found.message, found.where])
    if (this.#reported.has(key)) return
    this.#reported.add(key)
    this.problems.push(found)
  }
}
