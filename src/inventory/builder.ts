/** Gathers hosts, groups and variables while the sources are read. */
import { type HostName, hostName } from '../base/brand.ts'
import type { Position } from '../base/errors.ts'
import { given } from '../base/given.ts'
import type { Variables } from '../language/model.ts'
import { problem } from '../language/source.ts'
import { SchemaChecker } from '../language/schema.ts'
import { ValueReader } from '../language/values.ts'
import { checkHostVariables, withOurNames } from './host-variables.ts'
import { expandRanges, RangeError } from './ranges.ts'

export interface GroupDraft {
  readonly name: string
  where: Position | undefined
  readonly hosts: Set<HostName>
  /** Child groups, and where they were named. */
  readonly children: Map<string, Position>
}

/** Where variables come from, weakest first; within one kind of group, the order of groups decides. */
export const tiers = [
  'group in inventory',
  'group_vars/all',
  'playbook group_vars/all',
  'group_vars',
  'playbook group_vars',
  'host in inventory',
  'host_vars',
  'playbook host_vars',
] as const
export type Tier = (typeof tiers)[number]

export class InventoryBuilder {
  readonly values = new ValueReader()
  readonly schemas = new SchemaChecker()
  readonly hosts = new Map<HostName, Position>()
  readonly groups = new Map<string, GroupDraft>()
  readonly #variables = new Map<string, Variables>()

  constructor() {
    this.group('all', undefined)
    this.group('ungrouped', undefined)
  }

  report(code: string, message: string, details: { where?: Position; hint?: string | undefined }): void {
    this.values.problems.push(problem(code, message, details))
  }

  group(name: string, where: Position | undefined): GroupDraft {
    const known = this.groups.get(name)
    if (known !== undefined) {
      known.where ??= where
      return known
    }
    if (!/^[A-Za-z_][\w.-]*$/.test(name)) {
      this.report('invalid-name', `"${name}" cannot be the name of a group`, {
        ...given({ where }),
        hint: 'use letters, digits and underscores',
      })
    }
    const group: GroupDraft = { name, where, hosts: new Set(), children: new Map() }
    this.groups.set(name, group)
    return group
  }

  /** The hosts that a name, possibly with ranges, stands for; they are part of the inventory from now on. */
  addHosts(name: string, where: Position, group: string): readonly HostName[] {
    const names = this.#expand(name, where)
    for (const host of names) {
      if (!this.hosts.has(host)) this.hosts.set(host, where)
      this.groups.get(group)?.hosts.add(host)
    }
    return names
  }

  addChild(group: string, child: string, where: Position): void {
    this.group(child, where)
    const { children } = this.group(group, undefined)
    if (!children.has(child)) children.set(child, where)
  }

  /** Adds variables for a group or host; a later source wins over an earlier one of the same tier. */
  setVariables(tier: Tier, name: string, variables: Variables): void {
    const ours = withOurNames(variables)
    this.values.problems.push(...checkHostVariables(this.schemas, ours))
    const key = `${tier} ${name}`
    this.#variables.set(key, new Map([...(this.#variables.get(key) ?? []), ...ours]))
  }

  variables(tier: Tier, name: string): Variables {
    return this.#variables.get(`${tier} ${name}`) ?? new Map()
  }

  #expand(name: string, where: Position): readonly HostName[] {
    try {
      return expandRanges(name).flatMap((host) => {
        if (/^[A-Za-z0-9_][\w.:%-]*$/.test(host)) return [hostName(host)]
        this.report('invalid-name', `"${host}" cannot be the name of a host`, {
          where,
          hint: 'use letters, digits, dots and dashes; a range is written [01:20]',
        })
        return []
      })
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.report('invalid-range', `the range in "${name}" ${error.message}`, {
        where,
        hint: 'write [01:20] or [a:c]',
      })
      return []
    }
  }
}
