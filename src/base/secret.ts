import { inspect } from 'node:util'

/**
 * A secret text, or a text that contains one: any conversion to text gives `(secret)`, JSON and `console.log`
 * included. Only `reveal()` returns the text; call it only where the text is sent to its destination.
 */
export class Secret {
  readonly #text: string
  readonly #parts: readonly string[]
  /** @param parts The secrets that the text contains; by default the whole text. */
  constructor(text: string, parts: Iterable<string> = [text]) {
    this.#text = text
    this.#parts = [...parts]
  }
  reveal(): string {
    return this.#text
  }
  /** The texts to hide in all output. */
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

/** Whether the value of a variable, an argument or a key with this name is a secret. */
export function isSecretName(name: string): boolean {
  return /(password|passwd|passphrase)s?$|(^|_)(pass|secret|token|api_?key)s?$/i.test(name)
}

/**
 * Whether every text in a file of variables with this name is a secret: `secrets.yml`, `vault.yml`,
 * `db.secrets.yml`.
 */
export function isSecretFile(path: string): boolean {
  return /(^|[/._-])(secrets?|vault)\.(ya?ml|json)$/i.test(path)
}

/** Makes every text in a value a secret. */
export function hideTexts(value: unknown): unknown {
  return typeof value === 'string' ? new Secret(value) : mapParts(value, (part) => hideTexts(part))
}

/**
 * The same for a value whose name marks it as a secret; numbers become texts, since a password may be all
 * digits.
 */
export function hideWhole(value: unknown): unknown {
  return typeof value === 'number'
    ? new Secret(String(value))
    : typeof value === 'string'
      ? new Secret(value)
      : mapParts(value, (part) => hideWhole(part))
}

/** Makes the texts under keys that name a secret (`db: { password: ... }`) secrets. */
export function hideNamed(value: unknown): unknown {
  return mapParts(value, (part, key) =>
    key !== undefined && isSecretName(key) ? hideWhole(part) : hideNamed(part),
  )
}

/** Replaces every secret in a value by its plain text and passes each to `saw`. */
export function revealAll(value: unknown, saw: (secret: Secret) => void = () => undefined): unknown {
  if (!(value instanceof Secret)) return mapParts(value, (part) => revealAll(part, saw))
  saw(value)
  return value.reveal()
}

/** Changes the parts of lists and plain objects; returns everything else, and unchanged values, as is. */
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
