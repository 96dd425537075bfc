/** Which texts hold secrets, of those that templates and expressions make while they read some. */
import { shortest } from '../base/secret-forms.ts'
import { Secret } from '../base/secret.ts'
import { createSecrets } from '../base/secrets.ts'

/** A text of a template that read these secrets; `made` are texts that helpers made of them and that do not look like them. */
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

/** Whether a helper made of secrets a text that shows one of them in no known form: a piece, another encoding, YAML in several lines. */
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

/** All its words are there, though not side by side. */
function isSpread(secret: string, text: string): boolean {
  const words = secret.split(/\s+/).filter((word) => word !== '')
  return words.length > 1 && words.every((word) => text.includes(word))
}

/**
 * What an expression gave that read these secrets, with every text as a secret that holds one or is a piece of one. A single text is one also if it shows
 * none, unless the expression only chose it: then it stands in its source.
 */
export function withDerivedSecrets(value: unknown, read: ReadonlySet<Secret>, source: string): unknown {
  const found = new Finder(read)
  if (typeof value === 'string' && !found.in(value) && !source.includes(value)) return new Secret(value)
  return withPieces(value, found)
}

/** Data with every text as a secret that holds one of these or is a piece of one. */
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

/** Finds secrets in whatever form; one that is too short to be looked for elsewhere counts here as well. */
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
