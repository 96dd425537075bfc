/** A map of one of the Phoenix files; reads the keys that gpuplay uses, and reports wrong values. */
import type { Position } from '../../base/errors.ts'
import { isNothing } from '../../language/fields.ts'
import type { Value, Variable } from '../../language/model.ts'
import { literalNode, literalValue, nameProblem } from '../../language/values.ts'
import { problem } from '../../language/source.ts'
import { yamlData, type YamlEntry, type YamlMap, type YamlNode } from '../../language/yaml.ts'
import type { InventoryBuilder } from '../builder.ts'
import { memberSchema, type PhoenixSchemas } from './phoenix-schemas.ts'

/** A valid value of a file. */
export interface Given<Data = unknown> {
  readonly data: Data
  readonly value: Value
  /** The position of the key, and of the value. */
  readonly keyAt: Position
  readonly where: Position
  /** Where it is in the file: `lxc_configs.900.memory_mb`. */
  readonly path: string
}

export class PhoenixMap {
  readonly path: readonly string[]
  /** The position of its key. */
  readonly where: Position
  readonly #map: YamlMap
  readonly #builder: InventoryBuilder
  readonly #schemas: PhoenixSchemas

  constructor(
    map: YamlMap,
    context: {
      readonly builder: InventoryBuilder
      readonly schemas: PhoenixSchemas
      readonly path?: readonly string[]
      readonly where?: Position
    },
  ) {
    this.#map = map
    this.where = context.where ?? map.where
    this.#builder = context.builder
    this.#schemas = context.schemas
    this.path = context.path ?? []
  }

  get entries(): ReadonlyMap<string, YamlEntry> {
    return this.#map.entries
  }

  /** Whether nothing is given for a key: null and an empty text mean that too. */
  isEmpty(key: string): boolean {
    const entry = this.#map.entries.get(key)
    return entry === undefined || isAbsent(entry.value)
  }

  text(key: string): Given<string> | undefined {
    const given = this.given(key)
    const { data } = given ?? {}
    return given !== undefined && (typeof data === 'string' || typeof data === 'number')
      ? { ...given, data: String(data) }
      : undefined
  }

  boolean(key: string): boolean | undefined {
    const data = this.given(key)?.data
    return typeof data === 'boolean' ? data : undefined
  }

  texts(key: string): readonly Given<string>[] {
    const list = this.#map.entries.get(key)?.value
    if (this.given(key) === undefined || list?.kind !== 'list') return []
    return list.items.flatMap((item, index) =>
      item.kind === 'scalar' && typeof item.value === 'string'
        ? [
            {
              data: item.value,
              value: literalNode(item),
              keyAt: item.where,
              where: item.where,
              path: this.#pathOf(`${key}[${index}]`),
            },
          ]
        : [],
    )
  }

  /** The map under a key; its keys have schemas of their own. */
  map(key: string, schemas: PhoenixSchemas): PhoenixMap | undefined {
    const given = this.given(key)
    const node = this.#map.entries.get(key)?.value
    if (given === undefined || node?.kind !== 'map') return undefined
    return new PhoenixMap(node, {
      builder: this.#builder,
      schemas,
      path: [...this.path, key],
      where: given.keyAt,
    })
  }

  maps(key: string, schemas: PhoenixSchemas): readonly PhoenixMap[] {
    const node = this.#map.entries.get(key)?.value
    if (this.given(key) === undefined || node?.kind !== 'list') return []
    return node.items.flatMap((item, index) =>
      item.kind === 'map'
        ? [
            new PhoenixMap(item, {
              builder: this.#builder,
              schemas,
              path: [...this.path, `${key}[${index}]`],
            }),
          ]
        : [],
    )
  }

  /** The value of a key; undefined if it is absent, null, empty or wrong. Reports a wrong one. */
  given(key: string): Given | undefined {
    const entry = this.#map.entries.get(key)
    if (entry === undefined || this.isEmpty(key)) return undefined
    const value = literalNode(entry.value)
    const { where } = entry.value
    const schema = memberSchema(this.#schemas, key)
    if (schema !== undefined) {
      const whole: Value = { kind: 'map', entries: new Map([[key, { where: entry.where, value }]]), where }
      const found = this.#builder.schemas.checkValue(schema, whole, {
        label: this.#pathOf(key),
        where,
        code: 'invalid-variable',
      })
      this.#builder.values.problems.push(...found)
      if (found.length > 0) return undefined
    }
    return { data: yamlData(entry.value), value, keyAt: entry.where, where, path: this.#pathOf(key) }
  }

  /** All entries as variables, under their names in the file. Warns of names that no expression can use. */
  variables(): ReadonlyMap<string, Variable> {
    const variables = new Map<string, Variable>()
    for (const [name, { where, value }] of this.#map.entries) {
      if (name === '$schema' || isNothing(value)) continue
      const wrong = nameProblem(name, where)
      if (wrong === undefined) variables.set(name, { name, where, value: literalNode(value) })
      else this.#builder.warnings.push(unusable(name, where, wrong.hint))
    }
    return variables
  }

  report(code: string, message: string, details: { where: Position; hint?: string | undefined }): void {
    this.#builder.report(code, message, details)
  }

  #pathOf(key: string): string {
    return [...this.path, key].join('.')
  }
}

/** A variable with another name, or another form of the value, than in the file. */
export function variableOf(name: string, data: unknown, { keyAt, where }: Given): Variable {
  return { name, where: keyAt, value: literalValue(data, where) }
}

function isAbsent(node: YamlNode): boolean {
  return node.kind === 'scalar' && (node.value === null || node.value === '')
}

function unusable(name: string, where: Position, hint: string | undefined) {
  return problem('unused-variables', `"${name}" is not the name of a variable, so no playbook can read it`, {
    where,
    hint,
  })
}
