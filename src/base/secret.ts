import { inspect } from 'node:util'

/**
 * A text that must not be seen, or that holds one: it prints as `(secret)` wherever text is made of it, JSON and `console.log` included.
 * Only `reveal()` gives the text; call it where the text leaves for its destination and nowhere else.
 */
export class Secret {
  readonly #text: string
  readonly #parts: readonly string[]
  /** @param parts The secrets in a text that is made of them; a text that is a secret itself is its only part. */
  constructor(text: string, parts: Iterable<string> = [text]) {
    this.#text = text
    this.#parts = [...parts]
  }
  reveal(): string {
    return this.#text
  }
  /** Texts to look for wherever something is shown. */
  get parts(): readonly string[] {
    return this.#parts
  }
  toString(): string {
    return '(secret)'
  }
  toJSON(): string {
    return '(secret)'
  }
  [inspect.custom](): string {
    return '(secret)'
  }
}

/** Whether a variable, an argument or a key of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return /(password|passwd|passphrase)s?$|(^|_)(pass|secret|token|api_?key)s?$/i.test(name)
}

/** Whether every text in a file of variables with this name is a secret: `secrets.yml`, `vault.yml`, `db.secrets.yml`. */
export function isSecretFile(path: string): boolean {
  return /(^|[/._-])(secrets?|vault)\.(ya?ml|json)$/i.test(path)
}

/** A value with every text in it as a secret. */
export function hideTexts(value: unknown): unknown {
  return typeof value === 'string' ? new Secret(value) : mapParts(value, (part) => hideTexts(part))
}

/** The same for a value whose name says that it is a secret: numbers are texts there, since a password may be all digits. */
export function hideWhole(value: unknown): unknown {
  return typeof value === 'number'
    ? new Secret(String(value))
    : typeof value === 'string'
      ? new Secret(value)
      : mapParts(value, (part) => hideWhole(part))
}

/** A value with the texts under keys that name a secret (`db: { password: ... }`) as secrets. */
export function hideNamed(value: unknown): unknown {
  return mapParts(value, (part, key) =>
    key !== undefined && isSecretName(key) ? hideWhole(part) : hideNamed(part),
  )
}

/** A value with every secret in it as plain text; `saw` gets each. */
export function revealAll(value: unknown, saw: (secret: Secret) => void = () => undefined): unknown {
  if (!(value instanceof Secret)) return mapParts(value, (part) => revealAll(part, saw))
  saw(value)
  return value.reveal()
}

/** Lists and plain objects with their parts changed; everything else, and what stays the same, as it is. */
function mapParts(value: unknown, change: (part: unknown, key?: string) => unknown): unknown {
  if (Array.isArray(value)) {
    const parts = value.map((part: unknown) => change(part))
    return parts.some((part, index) => part !== value[index]) ? parts : value
  }
  if (typeof value !== 'object' || value === null) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype) return value
  const entries = Object.entries(value)
  const parts = entries.map(([key, part]): [string, unknown] => [key, change(part, key)])
  return parts.some(([, part], index) => part !== entries[index]?.[1]) ? Object.fromEntries(parts) : value
}
