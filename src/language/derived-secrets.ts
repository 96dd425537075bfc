/** Finds the secrets in the results of templates and expressions that read secrets. */
import { shortest } from '../base/secret-forms.ts'
import { Secret } from '../base/secret.ts'
import { createSecrets } from '../base/secrets.ts'
import { isPlainMap } from './functions/shared-function.ts'

/** Wraps the text of a template that read these secrets. */
export function withSecrets(text: string, read: ReadonlySet<Secret>): string | Secret {
  if (read.size === 0) return text
  const found = new Finder(read)
  return found.in(text) ? new Secret(text, found.parts) : text
}

/**
 * Adds the texts that a function made from secrets to the secrets of the evaluation: a piece, a digest,
 * another encoding. A text that also occurs outside the secrets in the arguments is none.
 */
export function addMadeSecrets(made: unknown, given: readonly unknown[], read: Set<Secret>): void {
  if (read.size === 0) return
  const found = new Finder(read)
  const sources = [...textsIn(given)]
  if (!sources.some((text) => found.in(text) || found.isPiece(text))) return
  const open = sources.map((text) => found.without(text))
  for (const text of textsIn(made)) {
    if (text === '' || open.some((source) => source.includes(found.without(text)))) continue
    if (!found.in(text) || [...read].some((secret) => isSpread(secret, text))) read.add(new Secret(text))
  }
}

/** The text contains all words of the secret, but not next to each other: multi-line YAML. */
function isSpread(secret: Secret, text: string): boolean {
  if (new Finder([secret]).in(text)) return false
  return secret.parts.some((part) => {
    const words = part.split(/\s+/).filter((word) => word !== '')
    return words.length > 1 && words.every((word) => text.includes(word))
  })
}

/** Keys of maps included. */
function* textsIn(value: unknown): Iterable<string> {
  if (typeof value === 'string') yield value
  else if (Array.isArray(value)) for (const part of value) yield* textsIn(part)
  else if (isPlainMap(value))
    for (const [key, part] of Object.entries(value)) {
      yield key
      yield* textsIn(part)
    }
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
    if (found.parts.includes(value)) return new Secret(value)
    if (found.in(value)) return new Secret(value, found.parts)
    return found.isPiece(value) ? new Secret(value) : value
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

  /** Whether the text is a part of a secret, and long enough not to be one by chance. */
  isPiece(text: string): boolean {
    return text.length >= shortest && this.parts.some((part) => part.includes(text))
  }

  /** Returns what is left of a text without the secrets, in any form. */
  without(text: string): string {
    const cut = this.parts.reduce((rest, part) => (part === '' ? rest : rest.replaceAll(part, '\0')), text)
    return this.#secrets.redact(cut)
  }

  in(text: string): boolean {
    return this.parts.some((part) => part !== '' && text.includes(part)) || this.#secrets.holds(text)
  }
}
