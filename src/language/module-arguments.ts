/** Reads the arguments of a module: those of a task, and those of `module_defaults`. */
import type { Position } from '../base/errors.ts'
import { FieldReader, isNothing } from './fields.ts'
import { argumentsHint, argumentsInText } from './key-values.ts'
import type { Loader } from './loader.ts'
import type { MapEntry, MapValue } from './model.ts'
import type { ModuleSchema } from './module-schema.ts'
import { answerForeignArguments } from './other-arguments.ts'
import type { YamlEntry, YamlMap } from './yaml.ts'

/** A call of a module, as a task writes it. */
export interface ModuleCall {
  readonly module: ModuleSchema
  readonly where: Position
  readonly entry: YamlEntry
  /** The arguments of the modules that a task below them calls without giving its own. */
  readonly defaults: ReadonlyMap<string, ReadonlyMap<string, MapEntry>>
}

export function propertiesOf(module: ModuleSchema): Readonly<Record<string, unknown>> {
  const { properties } = module.args as { readonly properties?: Readonly<Record<string, unknown>> }
  return properties ?? {}
}

/**
 * Reads the arguments: a map, or a string if the module takes one, plus `args`, plus the defaults of the module.
 * Checks them against the module's schema.
 */
export function readTaskArguments(
  loader: Loader,
  fields: FieldReader,
  { module, where, entry, defaults }: ModuleCall,
): MapValue {
  const entries = new Map<string, MapEntry>()
  const node = entry.value
  const written = node.kind === 'scalar' ? node.source : ''
  if (node.kind === 'map') {
    for (const [key, argument] of readArgumentMap(loader, node, module)) entries.set(key, argument)
  } else if (node.kind === 'scalar' && node.value !== null && module.freeForm !== undefined) {
    // `command: true` runs the program of that name.
    const text = typeof node.value === 'string' ? node : { ...node, value: node.source }
    const { name, freeForm } = module
    const names = Object.keys(propertiesOf(module))
    const wrong = node.cel ? undefined : argumentsInText({ name, freeForm }, String(text.value), names)
    if (wrong !== undefined) {
      loader.report('invalid-argument', wrong.message, { where: node.where, hint: wrong.hint })
      return { kind: 'map', entries, where }
    }
    entries.set(module.freeForm, { where, value: loader.values.value(text) })
  } else if (!isNothing(node)) {
    loader.report('invalid-argument', `"${module.name}" takes its arguments as a map`, {
      where: node.where,
      hint: argumentsHint(module.name, written, Object.keys(propertiesOf(module))),
    })
    return { kind: 'map', entries, where }
  }
  const more = fields.map('args')
  if (more !== undefined) {
    for (const [key, argument] of readArgumentMap(loader, more, module)) entries.set(key, argument)
  }
  answerForeign(loader, module, entries)
  for (const [key, argument] of defaults.get(module.name) ?? [])
    if (!entries.has(key)) entries.set(key, argument)
  const args: MapValue = { kind: 'map', entries, where: node.kind === 'map' ? node.where : where }
  const subject = { label: `"${module.name}"`, where, code: 'invalid-argument' } as const
  loader.problems.push(...loader.schemas.checkValue(module.args, args, subject))
  return args
}

/**
 * Reads default arguments of a module. Reports unknown ones and wrong values even if no task calls the module;
 * which arguments belong together is known only for a task.
 */
export function readDefaultArguments(
  loader: Loader,
  node: YamlMap,
  module: ModuleSchema,
): ReadonlyMap<string, MapEntry> {
  const entries = readArgumentMap(loader, node, module)
  answerForeign(loader, module, entries)
  const { additionalProperties } = module.args as { readonly additionalProperties?: unknown }
  const single = {
    type: 'object',
    properties: propertiesOf(module),
    additionalProperties: additionalProperties ?? true,
  }
  const value: MapValue = { kind: 'map', entries, where: node.where }
  const subject = { label: `"${module.name}"`, where: node.where, code: 'invalid-argument' } as const
  loader.problems.push(...loader.schemas.checkValue(single, value, subject))
  return entries
}

function answerForeign(loader: Loader, module: ModuleSchema, entries: Map<string, MapEntry>): void {
  answerForeignArguments(module, entries, (message, details) =>
    loader.report('invalid-argument', message, details),
  )
}

/** As written, except the module's conditions, which are expressions without a tag. */
function readArgumentMap(loader: Loader, node: YamlMap, module: ModuleSchema): Map<string, MapEntry> {
  const conditions = new Set(module.expressions)
  const evaluated = new Set(module.evaluated)
  const plain = new Map(
    [...node.entries]
      .filter(([key]) => !conditions.has(key))
      .map(([key, entry]) => [key, evaluated.has(key) ? asExpression(entry) : entry] as const),
  )
  const entries = new Map(loader.values.map({ ...node, entries: plain }).entries)
  const fields = new FieldReader(node, loader.values)
  for (const key of conditions) {
    const entry = node.entries.get(key)
    if (entry === undefined) continue
    const items = fields.conditions(key) ?? []
    entries.set(key, { where: entry.where, value: { kind: 'list', items, where: entry.value.where } })
  }
  return entries
}

/** Reads the text of the entry as if it had the tag `!cel`. */
function asExpression(entry: YamlEntry): YamlEntry {
  const { value } = entry
  if (value.kind !== 'scalar' || typeof value.value !== 'string') return entry
  return { ...entry, value: { ...value, cel: true } }
}
