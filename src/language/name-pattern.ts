/** What is known of a name before it is rendered: how it begins and ends. */
import type { Value } from './model.ts'

export interface NamePattern {
  readonly start: string
  readonly end: string
  /** The name is `start`. */
  readonly whole: boolean
}

/** The names that a value may become: any, for an expression. */
export function namePattern(value: Value): NamePattern {
  if (value.kind === 'literal') return exactly(String(value.value))
  if (value.kind !== 'template') return { start: '', end: '', whole: false }
  const { source } = value
  const [first, last] = [source.indexOf('{{'), source.lastIndexOf('}}')]
  if (first === -1 || last === -1) return { start: '', end: '', whole: false }
  return { start: source.slice(0, first), end: source.slice(last + 2), whole: false }
}

export function exactly(name: string): NamePattern {
  return { start: name, end: '', whole: true }
}

export function fits(name: string, { start, end, whole }: NamePattern): boolean {
  if (whole) return name === start
  return name.length >= start.length + end.length && name.startsWith(start) && name.endsWith(end)
}

/** Whether a name that begins so may fit. */
export function mayBegin(beginning: string, { start, whole }: NamePattern): boolean {
  return start.startsWith(beginning) || (!whole && beginning.startsWith(start))
}
