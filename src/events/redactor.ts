/**
 * Takes known secrets out of whatever is about to be shown.
 *
 * Secrets are opaque by type (`base/secret.ts`) until they reach their destination; what comes back from a host may still quote them, so the texts
 * themselves are looked for as well.
 */
import { Secret } from '../base/secret.ts'

export interface Redactor {
  /** From now on this text is never shown. Texts of fewer than four characters are not looked for: they would blank out everything. */
  add(secret: Secret): void
  /** The same value with every known secret replaced; objects are copied only where something changed. */
  redact<T>(value: T): T
  /** Whether a text holds a known secret. */
  holds(text: string): boolean
}

const shortest = 4
const replacement = '(secret)'

export function createRedactor(): Redactor {
  const texts = new Set<string>()
  const clean = (text: string): string => {
    let result = text
    for (const secret of texts) result = result.replaceAll(secret, replacement)
    return result
  }
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return clean(value)
    if (value instanceof Secret) return replacement
    if (Array.isArray(value)) return mapIfChanged(value, walk)
    if (typeof value === 'object' && value !== null) return mapObject(value, walk)
    return value
  }
  return {
    add(secret) {
      const text = secret.reveal()
      if (text.length < shortest) return
      texts.add(text)
      for (const line of text.split('\n')) if (line.length >= shortest) texts.add(line)
    },
    redact: <T>(value: T): T => (texts.size === 0 && !mayHoldSecret(value) ? value : (walk(value) as T)),
    holds: (text) => [...texts].some((secret) => text.includes(secret)),
  }
}

function mayHoldSecret(value: unknown): boolean {
  if (value instanceof Secret) return true
  if (Array.isArray(value)) return value.some(mayHoldSecret)
  if (typeof value === 'object' && value !== null) return Object.values(value).some(mayHoldSecret)
  return false
}

function mapIfChanged(list: readonly unknown[], map: (value: unknown) => unknown): readonly unknown[] {
  const mapped = list.map(map)
  return mapped.every((value, index) => value === list[index]) ? list : mapped
}

function mapObject(value: object, map: (value: unknown) => unknown): object {
  const entries = Object.entries(value)
  const mapped = entries.map(([key, entry]): [string, unknown] => [key, map(entry)])
  return mapped.every(([, entry], index) => entry === entries[index]?.[1])
    ? value
    : Object.fromEntries(mapped)
}
