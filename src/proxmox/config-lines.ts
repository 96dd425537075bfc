/** The lines of a container's configuration as texts, to match them with patterns. */
import { type ConfigEntry, editContainerConfig } from './container-config.ts'
import { properties } from './container-settings.ts'

/** `key: value` */
export function lineOf({ key, value }: ConfigEntry): string {
  return `${key}: ${value}`
}

/** The line as it is written, and for a device also in one form for all spellings. */
export function lineForms(entry: ConfigEntry): readonly string[] {
  return [lineOf(entry), canonicalLine(entry)]
}

/** The line; that of a device with its path first, and then its options by name. */
export function canonicalLine(entry: ConfigEntry): string {
  const { path, ...options } = Object.fromEntries(properties(entry.value, 'path'))
  if (!/^dev\d+$/.test(entry.key) || path === undefined) return lineOf(entry)
  const rest = Object.entries(options).map(([name, value]) => `,${name}=${value}`)
  return `${entry.key}: ${path}${rest.toSorted().join('')}`
}

/** Returns a predicate for entries that one of the patterns matches. */
export function matchingLine(patterns: readonly string[]): (entry: ConfigEntry) => boolean {
  const expressions = patterns.map((pattern) => new RegExp(pattern))
  return (entry) => lineForms(entry).some((line) => expressions.some((expression) => expression.test(line)))
}

/** The configuration without the lines of its current section that one of the patterns matches. */
export function withoutLines(text: string, patterns: readonly string[]): string {
  return editContainerConfig(text, { remove: matchingLine(patterns), add: [] })
}
