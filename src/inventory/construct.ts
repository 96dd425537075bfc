/** Applies constructions: adds their variables to hosts and hosts to their groups. */
import type { HostName } from '../base/brand.ts'
import { InputError, type Position, type Problem } from '../base/errors.ts'
import { Secret } from '../base/secret.ts'
import { findUnknown, type Unknown } from '../base/unknown.ts'
import { evaluate, evaluateCondition } from '../language/expression.ts'
import type { Expression, Value, Variable } from '../language/model.ts'
import { renderValue } from '../language/render.ts'
import type { VariableScope } from '../language/scope.ts'
import { problem } from '../language/source.ts'
import { literalValue } from '../language/values.ts'
import type { InventoryBuilder } from './builder.ts'
import type { Construction, KeyedGroups, Rule } from './constructed.ts'
import { groupsOf, groupsOfHosts } from './groups.ts'
import { type GivenVariables, hostScope, onlyInRuns } from './host-scope.ts'
import { mergedVariables } from './host-values.ts'

/** Call it after all other sources are read, once no group contains itself. */
export function construct(
  builder: InventoryBuilder,
  constructions: readonly Construction[],
  given: GivenVariables,
): void {
  for (const construction of constructions) {
    const constructor = new Constructor(builder, construction)
    // A group without hosts exists too, so that plays can name it.
    for (const { name, where } of construction.groups) builder.group(name, where)
    // As in Ansible, every expression reads the variables from before: not those of the same `compose`.
    for (const [host, scope] of scopesOf(builder, given, construction)) {
      const composed = construction.compose.flatMap((rule) => constructor.variable(rule, host, scope) ?? [])
      builder.setVariables(
        'host in inventory',
        host,
        new Map(composed.map((variable) => [variable.name, variable])),
      )
    }
    for (const [host, scope] of scopesOf(builder, given, construction)) {
      for (const rule of construction.groups) constructor.group(rule, host, scope)
      for (const keyed of construction.keyedGroups) constructor.keyed(keyed, host, scope)
    }
    builder.values.problems.push(...constructor.problems())
  }
}

function scopesOf(
  builder: InventoryBuilder,
  given: GivenVariables,
  { hosts: chosen }: Construction,
): ReadonlyMap<HostName, VariableScope> {
  const memberships = groupsOfHosts(builder)
  const groups = Object.fromEntries(
    [...groupsOf(builder, memberships).values()].map(({ name, hosts }) => [name, hosts]),
  )
  return new Map(
    [...memberships].flatMap(([name, own]) => {
      if (chosen?.has(name) === false) return []
      const host = { name, groups: own, variables: mergedVariables(builder, name, own) }
      return [[name, hostScope(host, given, { ...onlyInRuns, groups })] as const]
    }),
  )
}

/** What a host that lacks a variable makes of an expression. */
const missing: ReadonlySet<string> = new Set(['undefined-variable', 'no-such-key'])

class Constructor {
  readonly #builder: InventoryBuilder
  readonly #strict: boolean
  /** Each mistake once, with the hosts that have it. */
  readonly #mistakes = new Map<string, { readonly found: Problem; readonly hosts: HostName[] }>()

  constructor(builder: InventoryBuilder, { strict }: Construction) {
    this.#builder = builder
    this.#strict = strict
  }

  problems(): readonly Problem[] {
    return [...this.#mistakes.values()].map(({ found, hosts: [host = '', ...others] }) => {
      const more = others.length === 0 ? '' : ` and ${others.length} more`
      return { ...found, message: `${found.message} (host "${host}"${more})` }
    })
  }

  /** A value that only a run knows, or a secret, stays an expression. */
  variable({ name, where, expression }: Rule, host: HostName, scope: VariableScope): Variable | undefined {
    const value = this.#attempt(host, (): Value => {
      const data = evaluate(expression, scope)
      const stays = findUnknown(data) !== undefined || hasSecret(data)
      return stays ? expression : literalValue(data, expression.where)
    })
    return value === undefined ? undefined : { name, where, value }
  }

  group({ name, where, expression }: Rule, host: HostName, scope: VariableScope): void {
    const member = this.#attempt(host, () => this.#known(evaluateCondition([expression], scope), expression))
    if (member === true) this.#builder.group(name, where).hosts.add(host)
  }

  keyed(keyed: KeyedGroups, host: HostName, scope: VariableScope): void {
    const found = this.#attempt(host, () => ({
      parts: this.#parts(keyed, scope),
      parent: this.#parent(keyed, scope),
    }))
    if (found === undefined) return
    const { parts, parent } = found
    for (const part of parts) {
      const name = safeName(`${keyed.lead}${part}`)
      const { where } = keyed.key
      if (!/^[A-Za-z_]/.test(name)) {
        this.#report(
          host,
          problem('invalid-name', `"${name}" is not a valid group name`, {
            where,
            hint: 'add a prefix: "prefix: NAME"',
          }),
        )
        continue
      }
      this.#builder.group(name, where).hosts.add(host)
      if (parent === undefined) continue
      this.#builder.group(parent, where)
      this.#builder.addChild(parent, name, where)
    }
  }

  /** The names for one host, without what they all begin with. */
  #parts(keyed: KeyedGroups, scope: VariableScope): readonly string[] {
    const { key, defaultValue, separator, trailingSeparator } = keyed
    const data = this.#known(evaluate(key, scope), key)
    if (Array.isArray(data)) return data.map((part) => textOf(part, key) || (defaultValue ?? ''))
    if (typeof data === 'object' && data !== null) {
      return Object.entries(data).map(([name, part]) => {
        const text = textOf(part, key) || (defaultValue ?? '')
        return text === '' && !trailingSeparator ? name : `${name}${separator}${text}`
      })
    }
    const text = data === null ? '' : textOf(data, key)
    if (text !== '') return [text]
    if (data !== null && defaultValue !== undefined) return [defaultValue]
    if (!this.#strict) return []
    throw new InputError([
      problem('empty-key', `the value of "${key.source}" is empty, so it cannot name a group`, {
        where: key.where,
        hint: 'write default_value: NAME, or strict: false, which leaves such hosts out',
      }),
    ])
  }

  #parent({ parent, key }: KeyedGroups, scope: VariableScope): string | undefined {
    if (parent === undefined) return undefined
    const place = { source: 'parent_group', where: key.where }
    return safeName(textOf(this.#known(renderValue(parent, scope), place), place))
  }

  #known<T>(value: T | Unknown, { source, where }: Pick<Expression, 'source' | 'where'>): T {
    const unknown = findUnknown(value)
    if (unknown === undefined && !hasSecret(value)) return value as T
    const because = unknown === undefined ? 'it depends on a secret' : unknown.why
    throw new InputError([
      problem('unknown-value', `"${source}" cannot determine groups: ${because}`, {
        where,
        hint: 'use other variables of the inventory',
      }),
    ])
  }

  /** Returns nothing after a mistake, and for a host that lacks a variable if this is allowed. */
  #attempt<T>(host: HostName, work: () => T): T | undefined {
    try {
      return work()
    } catch (error) {
      if (!(error instanceof InputError)) throw error
      if (!this.#strict && error.problems.every(({ code }) => missing.has(code))) return undefined
      for (const found of error.problems) this.#report(host, this.#hinted(found))
      return undefined
    }
  }

  #hinted(found: Problem): Problem {
    if (!missing.has(found.code)) return found
    const cure = 'or write strict: false, which leaves such hosts out'
    return { ...found, hint: found.hint === undefined ? cure : `${found.hint}; ${cure}` }
  }

  #report(host: HostName, found: Problem): void {
    const key = JSON.stringify([found.code, found.message, placeOf(found.where)])
    const mistake = this.#mistakes.get(key) ?? { found, hosts: [] }
    this.#mistakes.set(key, mistake)
    if (!mistake.hosts.includes(host)) mistake.hosts.push(host)
  }
}

/** As in Ansible's `constructed`: values often have characters that names of groups cannot have. */
function safeName(text: string): string {
  return text.replaceAll(/\W/g, '_')
}

function placeOf(where: Position | undefined): readonly unknown[] {
  return [where?.file, where?.line, where?.column]
}

function textOf(value: unknown, { source, where }: Pick<Expression, 'source' | 'where'>): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return String(value)
  if (value === null) return ''
  const kind = Array.isArray(value) ? 'a list' : 'a map'
  throw new InputError([
    problem('wrong-type', `"${source}" must be text to name a group, but it is or contains ${kind}`, {
      where,
      hint: 'choose one value of it: gpu.model, or gpus.map(gpu, gpu.model)',
    }),
  ])
}

function hasSecret(value: unknown): boolean {
  if (value instanceof Secret) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(hasSecret)
}
