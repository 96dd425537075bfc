import { createHash, createHmac } from 'node:crypto'
import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ServerHostKeyAlgorithm } from 'ssh2'
import { globPattern } from '../base/glob.ts'
import { readIfThere } from '../base/regular-file.ts'

/** Bytes; a hundred thousand hosts take 20 MiB. */
export const largestKnownHosts = 64 * 1024 * 1024

/** One line of a `known_hosts` file (sshd(8), "SSH_KNOWN_HOSTS FILE FORMAT"). */
export interface KnownHost {
  readonly file: string
  readonly line: number
  readonly marker: 'none' | 'revoked' | 'cert-authority'
  readonly patterns: readonly string[]
  /** `ssh-ed25519`, `ssh-rsa`, ... */
  readonly keyType: string
  readonly key: Buffer
}

export type HostKeyVerdict =
  | { readonly kind: 'known' }
  /**
   * `authorities`: a certificate authority is trusted for the host, but only `connection: openssh` can use
   * it.
   */
  | { readonly kind: 'unknown'; readonly authorities: boolean }
  /** `entry` is a known key of the host, of the same type if there is one. */
  | { readonly kind: 'changed'; readonly entry: KnownHost }
  | { readonly kind: 'revoked'; readonly entry: KnownHost }

/** Invalid lines are ignored, as in OpenSSH: they can only make a host less known. */
export function parseKnownHosts(file: string, text: string): KnownHost[] {
  const hosts: KnownHost[] = []
  text.split('\n').forEach((line, index) => {
    const words = line.trim().split(/\s+/)
    if (words[0] === undefined || words[0] === '' || words[0].startsWith('#')) return
    const marked = words[0].startsWith('@') ? words.shift()?.slice(1) : 'none'
    const [names, keyType, encoded] = words
    if (marked !== 'none' && marked !== 'revoked' && marked !== 'cert-authority') return
    if (names === undefined || keyType === undefined || encoded === undefined) return
    const key = Buffer.from(encoded, 'base64')
    if (keyTypeOf(key) !== keyType) return
    hosts.push({ file, line: index + 1, marker: marked, patterns: names.split(','), keyType, key })
  })
  return hosts
}

/** The name under which OpenSSH records a host: `[name]:port` unless the port is 22. */
export function knownHostName(host: string, port: number): string {
  const name = host.toLowerCase()
  return port === 22 ? name : `[${name}]:${port}`
}

/** The entries for `name` (from `knownHostName`). */
export function entriesFor(hosts: readonly KnownHost[], name: string): KnownHost[] {
  return hosts.filter((host) => matches(host.patterns, name))
}

/**
 * Judges the key that a host sends by the entries. A host known only by a key of another type counts as
 * changed. This is stricter than OpenSSH, because a man in the middle can choose the type.
 */
export function judgeHostKey(hosts: readonly KnownHost[], name: string, key: Buffer): HostKeyVerdict {
  const entries = entriesFor(hosts, name)
  const revoked = entries.find((entry) => entry.marker === 'revoked' && entry.key.equals(key))
  if (revoked !== undefined) return { kind: 'revoked', entry: revoked }
  const plain = entries.filter((entry) => entry.marker === 'none')
  if (plain.some((entry) => entry.key.equals(key))) return { kind: 'known' }
  const type = keyTypeOf(key)
  const other = plain.find((entry) => entry.keyType === type) ?? plain[0]
  if (other !== undefined) return { kind: 'changed', entry: other }
  return { kind: 'unknown', authorities: entries.some((entry) => entry.marker === 'cert-authority') }
}

function matches(patterns: readonly string[], name: string): boolean {
  let found = false
  for (const pattern of patterns) {
    if (pattern.startsWith('|1|')) {
      if (matchesHash(pattern, name)) found = true
    } else if (pattern.startsWith('!')) {
      if (globPattern(pattern.slice(1).toLowerCase()).test(name)) return false
    } else if (globPattern(pattern.toLowerCase()).test(name)) found = true
  }
  return found
}

function matchesHash(pattern: string, name: string): boolean {
  const [, , salt, hash] = pattern.split('|')
  if (salt === undefined || hash === undefined) return false
  return hashName(name, Buffer.from(salt, 'base64')) === hash
}

function hashName(name: string, salt: Buffer): string {
  return createHmac('sha1', salt).update(name).digest('base64')
}

/** The type in the first field of a public key (RFC 4253 section 6.6); empty if it is not a key. */
export function keyTypeOf(key: Buffer): string {
  if (key.length < 4) return ''
  const length = key.readUInt32BE(0)
  return length > 64 || key.length < 4 + length ? '' : key.subarray(4, 4 + length).toString('latin1')
}

/** `SHA256:...`, as `ssh-keygen -l` prints it. */
export function fingerprint(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`
}

/**
 * Signature algorithms, those of known keys first, so that a host known by its RSA key does not send another
 * one. `undefined` if no key is known, which keeps the library's own order.
 */
export function preferredAlgorithms(entries: readonly KnownHost[]): ServerHostKeyAlgorithm[] | undefined {
  const held = new Set(entries.filter((entry) => entry.marker === 'none').map((entry) => entry.keyType))
  if (held.size === 0) return undefined
  const all: [type: string, algorithm: ServerHostKeyAlgorithm][] = [
    ['ssh-ed25519', 'ssh-ed25519'],
    ['ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp256'],
    ['ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp384'],
    ['ecdsa-sha2-nistp521', 'ecdsa-sha2-nistp521'],
    ['ssh-rsa', 'rsa-sha2-512'],
    ['ssh-rsa', 'rsa-sha2-256'],
  ]
  const first = all.filter(([type]) => held.has(type))
  const rest = all.filter(([type]) => !held.has(type))
  return [...first, ...rest].map(([, algorithm]) => algorithm)
}

/** Appends a host in one write. Creates the file (0600) and its directory (0700) if they are missing. */
export async function addKnownHost(
  file: string,
  entry: { readonly name: string; readonly key: Buffer; readonly salt?: Buffer },
): Promise<void> {
  const { name, key, salt } = entry
  const filed = salt === undefined ? name : `|1|${salt.toString('base64')}|${hashName(name, salt)}`
  await mkdir(dirname(file), { recursive: true, mode: 0o700 })
  const before = await readIfThere(file, largestKnownHosts)
  const gap = before !== undefined && before.length > 0 && before.at(-1) !== 0x0a ? '\n' : ''
  await appendFile(file, `${gap}${filed} ${keyTypeOf(key)} ${key.toString('base64')}\n`, { mode: 0o600 })
}
