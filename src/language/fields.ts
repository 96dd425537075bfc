/** Reads the fields of a map with their types; reports mismatches at their position. */
import type { Position, Problem } from '../base/errors.ts'
import { jinjaTags } from './jinja/problems.ts'
import type { Expression, Value } from './model.ts'
import { word } from './schema-wording.ts'
import { problem } from './source.ts'
import { isTemplate } from './template.ts'
import type { ValueReader } from './values.ts'
import type { YamlEntry, YamlMap, YamlNode, YamlScalar } from './yaml.ts'

export class FieldReader {
  readonly #map: YamlMap
  readonly #values: ValueReader

  constructor(map: YamlMap, values: ValueReader) {
    this.#map = map
    this.#values = values
  }

  get where(): Position {
    return this.#map.where
  }

  entry(name: string): YamlEntry | undefined {
    return this.#map.entries.get(name)
  }

  node(name: string): YamlNode | undefined {
    return this.#map.entries.get(name)?.value
  }

  report(found: Problem): void {
    this.#values.problems.push(found)
  }

  /** Text that must not be a template. */
  text(name: string): string | undefined {
    const node = this.node(name)
    if (node === undefined) return undefined
    const value = this.#scalar(node, name, 'string')
    if (typeof value !== 'string') return undefined
    return name !== 'name' && this.refusesTemplate(value, node, { name }) ? undefined : value
  }

  boolean(name: string): boolean | undefined {
    const node = this.node(name)
    const value = node === undefined ? undefined : this.#scalar(node, name, 'boolean')
    return typeof value === 'boolean' ? value : undefined
  }

  /** A whole number from `least` to `most`. */
  integer(name: string, least: number, most: number): number | undefined {
    const node = this.node(name)
    const value = node === undefined ? undefined : this.#scalar(node, name, 'integer')
    if (node === undefined || typeof value !== 'number') return undefined
    if (value >= least && value <= most) return value
    this.report(
      problem('invalid-keyword', `"${name}" must be from ${least} to ${most}, not ${value}`, {
        where: node.where,
        hint: `write a number from ${least} to ${most}`,
      }),
    )
    return undefined
  }

  /** A number of seconds, which may have a fraction, up to a day. */
  seconds(name: string): number | undefined {
    const node = this.node(name)
    const value = node === undefined ? undefined : this.#scalar(node, name, 'number')
    if (node === undefined || typeof value !== 'number') return undefined
    if (value >= 0 && value <= 86_400) return value
    this.report(
      problem('invalid-keyword', `"${name}" must be from 0 to 86400 seconds, not ${value}`, {
        where: node.where,
        hint: 'write a number from 0 to 86400',
      }),
    )
    return undefined
  }

  /** One of several words. */
  choice<Choice extends string>(name: string, choices: readonly Choice[]): Choice | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const found = choices.find((choice) => choice === text)
    if (found === undefined) this.#wrong(this.node(name), name, { keyword: 'enum', demanded: choices })
    return found
  }

  /** Texts: one, or a list. They may be templates or expressions. */
  texts(name: string): readonly Value[] {
    const node = this.node(name)
    if (node === undefined) return []
    const items = node.kind === 'list' ? node.items : [node]
    return items.flatMap((item): readonly Value[] => {
      const known = this.#values.problems.length
      const rendered = item.kind === 'scalar' && (item.cel || typeof item.value === 'string')
      const value = rendered ? this.#values.value(item) : undefined
      if (this.#values.problems.length > known) return []
      if (value !== undefined && value.kind !== 'literal') return [value]
      const text = this.#scalar(item, name, 'string')
      return typeof text === 'string' ? [{ kind: 'literal', value: text.trim(), where: item.where }] : []
    })
  }

  /** Words with their positions: one, or a list. `split` splits `a, b`. */
  words(name: string, options: { readonly split: boolean }): readonly { text: string; where: Position }[] {
    const node = this.node(name)
    if (node === undefined) return []
    const items = node.kind === 'list' ? node.items : [node]
    return items.flatMap((item) => {
      const value = this.#scalar(item, name, 'string')
      if (typeof value !== 'string') return []
      if (this.refusesTemplate(value, item, { name })) return []
      const parts = options.split ? value.split(',') : [value]
      return parts
        .map((part) => part.trim())
        .filter((part) => part !== '')
        .map((text) => ({ text, where: item.where }))
    })
  }

  /** Conditions: one, or a list that must all be true; `undefined` if the field is absent. */
  conditions(name: string): readonly Expression[] | undefined {
    const node = this.node(name)
    if (node === undefined) return undefined
    const items = node.kind === 'list' ? node.items : [node]
    return items.flatMap((item) => {
      if (item.kind !== 'scalar' || (typeof item.value !== 'string' && typeof item.value !== 'boolean')) {
        this.report(
          problem('invalid-keyword', `"${name}" must be a condition or a list of conditions`, {
            where: item.where,
            hint: 'a condition is an expression in text: "facts.memory > 4"',
          }),
        )
        return []
      }
      const parsed = this.#values.expressions.parse(String(item.value), item, this.#values.problems)
      return parsed === undefined ? [] : [parsed]
    })
  }

  /** A map; reports anything else and returns `undefined`. */
  map(name: string): YamlMap | undefined {
    const node = this.node(name)
    if (node === undefined || isNothing(node)) return undefined
    if (node.kind === 'map') return node
    this.#wrong(node, name, { keyword: 'type', demanded: 'object' })
    return undefined
  }

  /** The entries of a list; reports anything else. */
  list(name: string): readonly YamlNode[] {
    const node = this.node(name)
    if (node === undefined || isNothing(node)) return []
    if (node.kind === 'list') return node.items
    this.#wrong(node, name, { keyword: 'type', demanded: 'array' })
    return []
  }

  /** Reports a template: the keyword is read when the playbook loads. */
  refusesTemplate(
    value: string,
    node: YamlNode,
    {
      name,
      instead = 'write the value itself',
    }: { readonly name: string; readonly instead?: string | undefined },
  ): boolean {
    const tags = node.kind === 'scalar' ? jinjaTags(value, node) : []
    if (!isTemplate(value) && tags.length === 0) return false
    this.report(
      problem('not-templated', `"${name}" cannot be a template: it is read when the playbook loads`, {
        where: node.where,
        hint: instead,
      }),
    )
    return true
  }

  #scalar(node: YamlNode, name: string, type: 'string' | 'boolean' | 'integer' | 'number'): unknown {
    const fits =
      node.kind === 'scalar' &&
      !node.cel &&
      (type === 'integer' ? Number.isInteger(node.value) : typeof node.value === type)
    if (fits) return node.value
    if (
      node.kind === 'scalar' &&
      type !== 'string' &&
      typeof node.value === 'string' &&
      isTemplate(node.value)
    ) {
      this.report(
        problem('not-templated', `"${name}" cannot be a template: it is read when the playbook loads`, {
          where: node.where,
          hint: /check_mode/.test(node.value)
            ? 'leave it out: a dry run does not need it'
            : 'write the value itself, or write two tasks with conditions',
        }),
      )
      return undefined
    }
    this.#wrong(node, name, { keyword: 'type', demanded: type })
    return undefined
  }

  #wrong(
    node: YamlNode | undefined,
    name: string,
    fault: { readonly keyword: string; readonly demanded: unknown },
  ): void {
    if (node === undefined) return
    const wording = word({
      ...fault,
      params: {},
      around: {},
      label: `"${name}"`,
      key: name,
      data: node.kind === 'scalar' ? node.value : node.kind === 'list' ? [] : {},
      source: node.kind === 'scalar' ? node.source : undefined,
    })
    const { message, hint, fix } = wording
    this.report(problem('invalid-keyword', message, { where: node.where, hint, fix }))
  }
}

export function isNothing(node: YamlNode): node is YamlScalar {
  return node.kind === 'scalar' && node.value === null
}
