import { inspect } from 'node:util'

/**
 * A value that must not be seen: it prints as `(secret)` wherever text is made of it, JSON and `console.log` included.
 * Only `reveal()` gives the text; call it where the text leaves for its destination and nowhere else.
 */
export class Secret {
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }
  reveal(): string {
    return this.#text
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

/** Whether a variable of this name holds what nobody may see: passwords and passphrases, whatever they are for. */
export function isSecretName(name: string): boolean {
  return /(^|_)(pass|password|passphrase)$/.test(name)
}
