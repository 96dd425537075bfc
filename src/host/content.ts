/** Texts in the form in which they are sent to a host, and their checksums. */
import { createHash } from 'node:crypto'
import { Secret } from '../base/secret.ts'

export function revealed(text: string | Secret): string {
  return text instanceof Secret ? text.reveal() : text
}

/** In hex. */
export function sha256Of(text: string | Buffer): string {
  return createHash('sha256').update(text).digest('hex')
}
