/** Reads parts of a JSON Schema of unknown shape. */

/** The keys that a schema requires. */
export function requiredOf(branch: unknown): readonly string[] | undefined {
  const required = property(branch, 'required')
  return Array.isArray(required) ? required.map(String) : undefined
}

export function property(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
}

export function typesOf(type: unknown): readonly string[] {
  if (typeof type === 'string') return [type]
  return Array.isArray(type) ? type.map(String) : []
}

export function description(schema: unknown): string | undefined {
  const text = property(schema, 'description')
  return typeof text === 'string' ? text : undefined
}

/** The key with its description; undefined if the schema has none. */
export function describeProperty(schema: unknown, key: string): string | undefined {
  const text = description(property(property(schema, 'properties'), key))
  return text === undefined ? undefined : `${key}: ${text}`
}

/** Explains several keys, each in a sentence. */
export function describeProperties(schema: unknown, keys: readonly string[]): string | undefined {
  const described = keys.flatMap((key) => describeProperty(schema, key) ?? [])
  return described.length === 0 ? undefined : described.join('. ')
}
