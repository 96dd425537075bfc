/** Questions about name resolution. */
import { many, questionAbout } from '../question.ts'

/**
 * Whether the host finds an address for at least one of these names, as its programs would (getent(1)). A host
 * without getent counts as one that does.
 */
export const nameLookup = questionAbout({
  words: ['getent', 'ahosts', many('names', /[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252})/)],
  // resolv.conf(5): each server is asked once, and waited for as long as usual.
  environment: { RES_OPTIONS: 'attempts:1' },
  timeout: 60_000,
  reads: () => ['file:/etc/resolv.conf', 'file:/etc/hosts', 'file:/etc/nsswitch.conf'],
  parse: ({ code, stdout }) => code === 127 || stdout.trim() !== '',
})
