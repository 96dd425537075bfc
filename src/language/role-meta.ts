/**
 * Reads `meta/arguments.yml` of a role: a JSON Schema of its variables, and `checks` that a schema cannot
 * express.
 *
 * ```yaml
 * type: object
 * properties:
 *   first: { type: integer }
 *   last: { type: integer }
 * checks:
 *   - that: first <= last
 *     message: '"first" is {{ first }}, which is above {{ last }}'
 *     hint: swap them
 *     at: first              # whose place is shown
 * ```
 */
import { defined, mapped } from '../base/defined.ts'
import { FieldReader, isNothing } from './fields.ts'
import type { Loader } from './loader.ts'
import type { MapValue, RoleArguments, RoleCheck, Variable, Variables } from './model.ts'
import { isConstant, renderValue } from './render.ts'
import { didYouMean } from './suggest.ts'
import type { YamlMap, YamlNode } from './yaml.ts'

/** Defaults in the schema have the lowest precedence of the role's variables. */
export function readArguments(
  loader: Loader,
  root: YamlMap,
): { readonly arguments: RoleArguments; readonly defaults: Variables } | undefined {
  const described = { ...root, entries: new Map([...root.entries].filter(([key]) => key !== 'checks')) }
  const value = withoutTemplates(loader, described)
  if (value === undefined) return undefined
  const schema = renderValue(value, { has: () => false, get: () => undefined, names: () => [] })
  if (!isRecord(schema) || schema['type'] !== 'object' || !isRecord(schema['properties'])) {
    loader.report('invalid-schema', 'the description of role arguments must be a map', {
      where: root.where,
      hint: 'write "type: object" and the variables under "properties"',
    })
    return undefined
  }
  try {
    loader.schemas.compile(schema)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    loader.report('invalid-schema', `this is not a JSON Schema: ${text}`, { where: root.where })
    return undefined
  }
  const checks = readChecks(loader, root.entries.get('checks')?.value, Object.keys(schema['properties']))
  return { arguments: { schema, checks }, defaults: schemaDefaults(value) }
}

function withoutTemplates(loader: Loader, root: YamlMap): MapValue | undefined {
  const value = loader.values.map(root)
  if (isConstant(value)) return value
  loader.report('invalid-schema', 'the description of role arguments cannot contain templates', {
    where: root.where,
    hint: 'put a default that uses other variables into defaults/main.yml',
  })
  return undefined
}

function schemaDefaults(schema: MapValue): Variables {
  const defaults = new Map<string, Variable>()
  const properties = schema.entries.get('properties')?.value
  if (properties?.kind !== 'map') return defaults
  for (const [name, { value }] of properties.entries) {
    const found = value.kind === 'map' ? value.entries.get('default') : undefined
    if (found !== undefined) defaults.set(name, { name, value: found.value, where: found.where })
  }
  return defaults
}

const checkKeys = ['that', 'message', 'hint', 'at'] as const

function readChecks(
  loader: Loader,
  node: YamlNode | undefined,
  variables: readonly string[],
): readonly RoleCheck[] {
  if (node === undefined || isNothing(node)) return []
  if (node.kind !== 'list') {
    loader.report('invalid-schema', '"checks" must be a list', {
      where: node.where,
      hint: 'start it with "- that:"',
    })
    return []
  }
  return node.items.flatMap((item) => readCheck(loader, item, variables))
}

function readCheck(loader: Loader, node: YamlNode, variables: readonly string[]): readonly RoleCheck[] {
  if (node.kind !== 'map') {
    loader.report('invalid-schema', 'a check must be a map with "that" and "message"', { where: node.where })
    return []
  }
  for (const [key, { where }] of node.entries) {
    if (checkKeys.some((known) => known === key)) continue
    const hint = didYouMean(key, checkKeys, `it has ${checkKeys.join(', ')}`)
    loader.report('invalid-schema', `a check has no "${key}"`, { where, hint })
  }
  const that = node.entries.get('that')?.value
  const message = node.entries.get('message')?.value
  const hint = node.entries.get('hint')?.value
  if (that?.kind !== 'scalar' || message?.kind !== 'scalar') {
    loader.report('invalid-schema', 'a check needs a condition in "that", and a "message"', {
      where: node.where,
    })
    return []
  }
  const at = new FieldReader(node, loader.values).choice('at', variables)
  const condition = loader.values.expressions.parse(String(that.value), that, loader.problems)
  if (condition === undefined) return []
  return [
    {
      that: condition,
      message: loader.values.value(message),
      ...defined({ hint: mapped(hint, (hint) => loader.values.value(hint)), at }),
    },
  ]
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
