/** Which texts hold secrets, of those that templates and expressions make while they read some. */
import { Secret } from '../base/secret.ts'
import { createSecrets } from '../base/secrets.ts'

/** A text of a template that read these secrets; `made` are texts that helpers made of them and that do not look like them. */
export function withSecrets(
  text: string,
  read: ReadonlySet<Secret>,
  made: readonly string[],
): string | Secret {
  if (read.size === 0) return text
  const parts = [...partsOf(read), ...made]
  return holds(text, read) || made.some((one) => text.includes(one)) ? new Secret(text, parts) : text
}

/** Whether a helper made of secrets a text that shows one of them in no known form: a piece, another encoding, YAML in several lines. */
export function isMadeOf(made: string, given: readonly unknown[], read: ReadonlySet<Secret>): boolean {
  if (read.size === 0 || made === '' || given.includes(made)) return false
  const whole = given.some((value) => typeof value === 'object' && value !== null)
  return [...read].some((secret) => {
    const alone = new Set([secret])
    if (holds(made, alone)) return false
    if (given.some((value) => typeof value === 'string' && holds(value, alone))) return true
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
  if (typeof value === 'string' && !holds(value, read) && !source.includes(value)) return new Secret(value)
  return withPieces(value, read)
}

/** Data with every text as a secret that holds one of these or is a piece of one. */
export function withHeldSecrets(value: unknown, read: ReadonlySet<Secret>): unknown {
  return read.size === 0 ? value : withPieces(value, read)
}

function withPieces(value: unknown, read: ReadonlySet<Secret>): unknown {
  if (typeof value === 'string') {
    if (holds(value, read)) return new Secret(value, partsOf(read))
    return partsOf(read).some((part) => value.length >= 4 && part.includes(value)) ? new Secret(value) : value
  }
  if (Array.isArray(value)) return value.map((part) => withPieces(part, read))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, withPieces(part, read)]))
}

/** In whatever form; one that is too short to be looked for elsewhere counts here as well. */
function holds(text: string, read: ReadonlySet<Secret>): boolean {
  if (partsOf(read).some((part) => part !== '' && text.includes(part))) return true
  const secrets = createSecrets()
  for (const secret of read) secrets.add(secret)
  return secrets.holds(text)
}

function partsOf(read: ReadonlySet<Secret>): readonly string[] {
  return [...read].flatMap((secret) => secret.parts)
}
