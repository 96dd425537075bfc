/**
 * Digests of values that are compared later and must not be stored themselves. Each file of digests has a salt,
 * so that equal values in two files have different digests.
 *
 * A text that contains a secret gets a slow digest (scrypt(3)): whoever has the file could otherwise try
 * millions of passwords per second.
 */
import { createHmac, scryptSync } from 'node:crypto'

export interface Digests {
  of(text: string): string
  /** For a text that contains a secret. */
  ofSecret(text: string): string
  /** Whether a text has this digest, of either kind. Nothing has the digest of nothing. */
  matches(text: string | undefined, digest: string | undefined): boolean
}

/** Takes about 40 ms and 16 MiB per text. */
const cost = { N: 2 ** 14, r: 8, p: 1 } as const
const bytes = 24

/** @param salt At least 16 random bytes, in hex */
export function createDigests(salt: string): Digests {
  const slow = new Map<string, string>()
  const fast = (text: string): string => createHmac('sha256', salt).update(text).digest('base64url')
  const digests: Digests = {
    of: (text) => `sha256:${fast(text)}`,
    ofSecret(text) {
      const key = fast(text)
      const known = slow.get(key)
      if (known !== undefined) return known
      const made = `scrypt:${scryptSync(text, salt, bytes, cost).toString('base64url')}`
      slow.set(key, made)
      return made
    },
    matches(text, digest) {
      if (text === undefined || digest === undefined) return text === digest
      return digest === (digest.startsWith('scrypt:') ? digests.ofSecret(text) : digests.of(text))
    },
  }
  return digests
}
