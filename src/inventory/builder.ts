/** Collects hosts, groups and variables while the sources are read. */
import { type HostName, hostName } from '../base/brand.ts'
import type { Position, Problem } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import { builtIns } from '../language/built-ins.ts'
import type { Variable, Variables } from '../language/model.ts'
import { problem } from '../language/source.ts'
import { SchemaChecker } from '../language/schema.ts'
import { didYouMean } from '../language/suggest.ts'
import { ValueReader } from '../language/values.ts'
import { ansibleProblems, groupPriority } from './ansible-variables.ts'
import { expandRanges, RangeError, splitPort } from './ranges.ts'

export interface GroupDraft {
  readonly name: string
  where: Position | undefined
  readonly hosts: Set<HostName>
  /** Child groups, and where they were named. */
  readonly children: Map<string, Position>
  /** False as long as sources only mention it: as a child, or for its variables. */
  declared: boolean
  /** `ansible_group_priority`: of two groups at the same depth, the one with the higher number wins. */
  priority: number
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

const reservedNames: ReadonlySet<string> = new Set(Object.keys(builtIns))

export class InventoryBuilder {
  readonly values = new ValueReader({ defers: true })
  readonly schemas = new SchemaChecker()
  readonly hosts = new Map<HostName, Position>()
  readonly groups = new Map<string, GroupDraft>()
  /** Warnings about valid but unusual content. */
  readonly warnings: Problem[] = []
  /** Ports written after the name of a host, as `ansible_port`. */
  readonly ports = new Map<HostName, Variable>()
  /** The place in a Phoenix file that has, or should have, the address of its node. */
  hypervisorAt: Position | undefined
  /** Files of variables that cannot be decrypted: a mistake for hosts of which a run needs the variables. */
  readonly locked: { readonly tier: Tier; readonly name: string; readonly problem: Problem }[] = []
  readonly #settings = new Map<string, Map<string, Variable[]>>()

  constructor() {
    this.group('all', undefined)
    this.group('ungrouped', undefined)
  }

  /** Returns a builder with the same content, and no problems: changes of it leave this one as it is. */
  copy(): InventoryBuilder {
    const copy = new InventoryBuilder()
    for (const [host, where] of this.hosts) copy.hosts.set(host, where)
    for (const [name, group] of this.groups)
      copy.groups.set(name, { ...group, hosts: new Set(group.hosts), children: new Map(group.children) })
    for (const [host, port] of this.ports) copy.ports.set(host, port)
    copy.locked.push(...this.locked)
    for (const [key, settings] of this.#settings) copy.#settings.set(key, new Map(settings))
    return copy
  }

  report(code: string, message: string, details: { where?: Position; hint?: string | undefined }): void {
    this.values.problems.push(problem(code, message, details))
  }

  /** Declares a group. */
  group(name: string, where: Position | undefined): GroupDraft {
    const group = this.nameGroup(name, where)
    if (!group.declared) group.where = where
    group.declared = true
    group.where ??= where
    return group
  }

  /** Mentions a group, which some source must declare. */
  nameGroup(name: string, where: Position | undefined): GroupDraft {
    const known = this.groups.get(name)
    if (known !== undefined) return known
    if (!/^[A-Za-z_][\w.-]*$/.test(name)) {
      this.report('invalid-name', `"${name}" is not a valid group name`, {
        ...defined({ where }),
        hint: 'use letters, digits and underscores',
      })
    }
    const group: GroupDraft = {
      name,
      where,
      hosts: new Set(),
      children: new Map(),
      declared: false,
      priority: 1,
    }
    this.groups.set(name, group)
    return group
  }

  /** Reports groups that are mentioned but never declared. Call it after all sources are read. */
  reportUndeclared(): void {
    const declared = [...this.groups.values()].filter((group) => group.declared).map(({ name }) => name)
    for (const { name, where, declared: known } of this.groups.values()) {
      if (known) continue
      this.report('unknown-group', `there is no group "${name}"`, {
        ...defined({ where }),
        hint: didYouMean(name, declared, `add a section [${name}]`),
      })
    }
  }

  /**
   * Adds the hosts for a name, which may have ranges and a port, and returns them. Without a group, they are in
   * `ungrouped` unless they are added to another one.
   */
  addHosts(written: string, where: Position, group?: string): readonly HostName[] {
    const { name, port } = splitPort(written)
    const names = this.#expand(name, where)
    for (const host of names) {
      if (!this.hosts.has(host)) this.hosts.set(host, where)
      if (group !== undefined) this.groups.get(group)?.hosts.add(host)
      if (port === undefined) continue
      const value = { kind: 'literal', value: port, where } as const
      const variable: Variable = { name: 'ansible_port', value, where }
      this.ports.set(host, variable)
      this.setVariables('host in inventory', host, new Map([[variable.name, variable]]))
    }
    return names
  }

  addChild(group: string, child: string, where: Position): void {
    this.nameGroup(child, where)
    const { children } = this.nameGroup(group, undefined)
    if (!children.has(child)) children.set(child, where)
  }

  /** Adds variables for a group or host; a later source wins over an earlier one of the same tier. */
  setVariables(tier: Tier, name: string, variables: Variables): void {
    this.values.problems.push(...ansibleProblems(variables))
    const key = `${tier} ${name}`
    const kept = new Map([...variables].filter(([variable]) => !this.#isReserved(variable, variables)))
    const priority = variables.get(groupPriority)
    if (priority !== undefined) {
      kept.delete(groupPriority)
      this.#setPriority(tier, name, priority)
    }
    const settings = this.#settings.get(key) ?? new Map<string, Variable[]>()
    this.#settings.set(key, settings)
    for (const [variable, setting] of kept)
      settings.set(variable, [...(settings.get(variable) ?? []), setting])
  }

  /** All values of each variable, in the order of the sources: the last one wins. */
  settings(tier: Tier, name: string): ReadonlyMap<string, readonly Variable[]> {
    return this.#settings.get(`${tier} ${name}`) ?? new Map()
  }

  /** All groups, and those that have variables and do not exist. */
  groupNames(): readonly string[] {
    const named = [...this.#settings.keys()].flatMap(
      (key) => /\bgroup(?:_vars| in inventory) (\S+)$/.exec(key)?.[1] ?? [],
    )
    return [...new Set([...this.groups.keys(), ...named])]
  }

  /** The names of all variables of the groups and hosts that are wanted, whether they exist or not. */
  variableNames(wanted: (name: string) => boolean): ReadonlySet<string> {
    const names = new Set<string>()
    for (const [key, settings] of this.#settings)
      if (wanted(key.slice(key.lastIndexOf(' ') + 1))) for (const name of settings.keys()) names.add(name)
    return names
  }

  #setPriority(tier: Tier, group: string, { value }: Variable): void {
    const number = value.kind === 'literal' ? Number(value.value) : Number.NaN
    if (tier !== 'group in inventory') {
      this.report('invalid-variable', `"${groupPriority}" takes effect only on a group in the inventory`, {
        where: value.where,
        hint: 'set it under "vars" of the group in the inventory itself',
      })
    } else if (Number.isSafeInteger(number)) {
      this.nameGroup(group, undefined).priority = number
    } else {
      this.report('invalid-variable', `"${groupPriority}" must be a whole number`, { where: value.where })
    }
  }

  /** Warns of variables with the name of a built-in one, which hides them. */
  #isReserved(name: string, variables: Variables): boolean {
    const where = variables.get(name)?.where
    if (!reservedNames.has(name) || where === undefined) return false
    this.warnings.push(
      problem('reserved-name', `gpuplay sets "${name}" itself and ignores this value`, {
        where,
        hint: `choose another name, such as ${name}_value`,
      }),
    )
    return true
  }

  #expand(name: string, where: Position): readonly HostName[] {
    try {
      return expandRanges(name).flatMap((host) => {
        if (/^(?:\w|::)[\w.:%-]*$/.test(host) && !/(?<!:):$/.test(host)) return [hostName(host)]
        this.report('invalid-name', `"${host}" is not a valid host name`, {
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
