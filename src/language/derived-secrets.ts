/** Finds the secrets in the results of templates and expressions that read secrets. */
import { shortest } from '../base/secret-forms.ts'
import { Secret } from '../base/secret.ts'
import { createSecrets } from '../base/secrets.ts'

/**
 * Wraps the text of a template that read these secrets; `made` are texts that helpers derived from them in
 * unknown forms.
 */
export function withSecrets(
  text: string,
  read: ReadonlySet<Secret>,
  made: readonly string[],
): string | Secret {
  if (read.size === 0) return text
  const found = new Finder(read)
  return found.in(text) || made.some((one) => text.includes(one))
    ? new Secret(text, [...found.parts, ...made])
    : text
}

/**
 * Whether a helper turned secrets into a text that shows them in no known form: a part, another encoding,
 * multi-line YAML.
 */
export function isMadeOf(made: string, given: readonly unknown[], read: ReadonlySet<Secret>): boolean {
  if (read.size === 0 || made === '' || given.includes(made)) return false
  const whole = given.some((value) => typeof value === 'object' && value !== null)
  return [...read].some((secret) => {
    const found = new Finder([secret])
    if (found.in(made)) return false
    if (given.some((value) => typeof value === 'string' && found.in(value))) return true
    return whole && secret.parts.some((part) => isSpread(part, made))
  })
}

/** All its words occur, but not next to each other. */
function isSpread(secret: string, text: string): boolean {
  const words = secret.split(/\s+/).filter((word) => word !== '')
  return words.length > 1 && words.every((word) => text.includes(word))
}

/**
 * Marks texts in the result of an expression that read these secrets, if they contain a secret or are a part
 * of one. A single text is also marked without that, unless the expression contains it literally.
 */
export function withDerivedSecrets(value: unknown, read: ReadonlySet<Secret>, source: string): unknown {
  const found = new Finder(read)
  if (typeof value === 'string' && !found.in(value) && !source.includes(value)) return new Secret(value)
  return withPieces(value, found)
}

/** Marks every text in the data that contains one of these secrets or is a part of one. */
export function withHeldSecrets(value: unknown, read: ReadonlySet<Secret>): unknown {
  return read.size === 0 ? value : withPieces(value, new Finder(read))
}

function withPieces(value: unknown, found: Finder): unknown {
  if (typeof value === 'string') {
    if (found.in(value)) return new Secret(value, found.parts)
    return value.length >= shortest && found.parts.some((part) => part.includes(value))
      ? new Secret(value)
      : value
  }
  if (Array.isArray(value)) return value.map((part) => withPieces(part, found))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withPieces(part, found)]))
}

/** Finds secrets in any form, including those too short for the search in output. */
class Finder {
  readonly parts: readonly string[]
  readonly #secrets = createSecrets()

  constructor(read: Iterable<Secret>) {
    const secrets = [...read]
    this.parts = secrets.flatMap((secret) => secret.parts)
    for (const secret of secrets) this.#secrets.add(secret)
  }

  in(text: string): boolean {
    return this.parts.some((part) => part !== '' && text.includes(part)) || this.#secrets.holds(text)
  }
}
