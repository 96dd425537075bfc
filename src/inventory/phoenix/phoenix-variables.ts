/** Adds gpuplay's variables to those of a Phoenix file. */
import type { Value, Variable, Variables } from '../../language/model.ts'
import type { InventoryBuilder } from '../builder.ts'
import type { PhoenixMap } from './phoenix-map.ts'

interface Parts {
  readonly map: PhoenixMap
  /** The entries of the map, under their names in the file. */
  readonly written: Variables
  /** gpuplay's variables for them. */
  readonly mapped: readonly Variable[]
}

/** Both; reports a map that has a setting under both names, with different values. */
export function withMapped(builder: InventoryBuilder, { map, written, mapped }: Parts): Variables {
  for (const variable of mapped) {
    const other = written.get(variable.name)
    if (other === undefined || textOf(other.value) === textOf(variable.value)) continue
    const { file, line } = variable.where
    const path = [...map.path, variable.name].join('.')
    builder.report(
      'disagreeing-values',
      `"${path}" is ${textOf(other.value)}, but ${file}:${line} sets it to ${textOf(variable.value)}`,
      { where: other.where, hint: 'remove one of them, or write the same value in both places' },
    )
  }
  return new Map([...mapped.map((variable) => [variable.name, variable] as const), ...written])
}

/** A number and its text are equal: CTIDs are both. */
function textOf(value: Value): string {
  switch (value.kind) {
    case 'literal':
      return String(value.value)
    case 'list':
      return `[${value.items.map(textOf).join(', ')}]`
    case 'map':
      return `{${[...value.entries].map(([key, entry]) => `${key}: ${textOf(entry.value)}`).join(', ')}}`
    case 'template':
    case 'expression':
      return value.source
    case 'sealed':
      return '(secret)'
  }
}
