/** The arguments and results of modules in words, for `gpuplay modules` and docs/modules.md. */

export interface DescribedProperty {
  readonly name: string
  readonly required: boolean
  /** `string`, `list of string`, `present|absent`, `string or integer`, ... */
  readonly type: string
  readonly description: string
  /** As JSON. */
  readonly default: string | undefined
}

interface Property {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly items?: Property
  readonly oneOf?: readonly Property[]
  readonly anyOf?: readonly Property[]
}

interface Shape {
  /** The schema of keys that `properties` does not name. */
  readonly additionalProperties?: boolean | Property
  readonly properties?: Readonly<Record<string, Property>>
  readonly required?: readonly string[]
}

/** @param schema The JSON Schema of an object */
export function describedProperties(schema: unknown): readonly DescribedProperty[] {
  const { properties = {}, required = [], additionalProperties: other } = shapeOf(schema)
  const others: readonly [string, Property][] = typeof other === 'object' ? [['any name', other]] : []
  return [...Object.entries(properties), ...others].map(([name, property]) => ({
    name,
    required: required.includes(name),
    type: typeText(property),
    description: property.description ?? '',
    default: property.default === undefined ? undefined : JSON.stringify(property.default),
  }))
}

function shapeOf(schema: unknown): Shape {
  return typeof schema === 'object' && schema !== null ? schema : {}
}

function typeText({ type, enum: values, items, oneOf = [], anyOf = [] }: Property): string {
  if (values !== undefined) return values.map(String).join('|')
  const alternatives = [...oneOf, ...anyOf].map(typeText)
  if (alternatives.length > 0) return [...new Set(alternatives)].join(' or ')
  const name = typeof type === 'string' ? type : (type ?? []).join(' or ')
  return items?.type === undefined ? name : `${name} of ${String(items.type)}`
}
