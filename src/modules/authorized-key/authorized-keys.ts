/** The text of an authorized_keys file (sshd(8), AUTHORIZED_KEYS FILE FORMAT). */
import { bodyOf, endingOf, splitLines, withInserted } from '../support/text-lines.ts'

export interface PublicKey {
  readonly options: string
  /** `ssh-ed25519`, ... */
  readonly type: string
  /** The key itself, in base64. */
  readonly blob: string
  readonly comment: string
}

export interface KeysRequest {
  readonly keys: readonly PublicKey[]
  readonly state: 'present' | 'absent'
  readonly exclusive: boolean
}

const types =
  /^(?:ssh-(?:ed25519|rsa|dss|xmss)|ecdsa-sha2-nistp\d+|sk-(?:ssh-ed25519|ecdsa-sha2-nistp256)|(?:sk-)?(?:ssh|ecdsa)-[a-z0-9-]+-cert-v01)(?:@openssh\.com)?$/

/** Options may contain spaces between double quotes; `\"` is a quote inside them. */
const optionsPattern = /^((?:[^\s"]|"(?:\\"|[^"])*")+)\s+(.*)$/

/** Undefined for a line that is not a key. */
export function parseKey(line: string): PublicKey | undefined {
  const text = line.trim()
  if (text.startsWith('#')) return undefined
  const plain = withoutOptions(text)
  if (plain !== undefined) return { options: '', ...plain }
  const [, options = '', rest = ''] = optionsPattern.exec(text) ?? []
  const key = withoutOptions(rest)
  return key === undefined ? undefined : { options, ...key }
}

function withoutOptions(text: string): Omit<PublicKey, 'options'> | undefined {
  const [, type = '', blob = '', comment = ''] =
    /^(\S+)\s+([A-Za-z0-9+/]+={0,2})(?:\s+(.*))?$/.exec(text) ?? []
  return types.test(type) ? { type, blob, comment } : undefined
}

/** The keys of an argument, or the first line that is not a key. */
export function keysIn(text: string): readonly PublicKey[] | { readonly wrong: string } {
  const keys: PublicKey[] = []
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*(#|$)/.test(line)) continue
    const key = parseKey(line)
    if (key === undefined) return { wrong: line.trim() }
    keys.push(key)
  }
  return keys
}

/** Laws (tested): a second run changes nothing; all other lines keep their bytes, unless `exclusive`. */
export function withKeys(text: string, { keys: given, state, exclusive }: KeysRequest): string {
  const lines = splitLines(text)
  const keys = [...new Map(given.map((key) => [`${key.type} ${key.blob}`, key])).values()]
  if (state === 'absent') return lines.filter((entry) => !keys.some((key) => isSame(key, entry))).join('')
  const done = new Set<PublicKey>()
  const kept = lines.flatMap((entry) => {
    const parsed = parseKey(bodyOf(entry))
    const key = keys.find((wanted) => isSame(wanted, entry))
    if (key === undefined) return exclusive && parsed !== undefined ? [] : [entry]
    if (done.has(key)) return []
    done.add(key)
    return [lineOf(key) === bodyOf(entry) ? entry : lineOf(key) + endingOf(entry)]
  })
  const added = keys.filter((key) => !done.has(key)).map(lineOf)
  return withInserted(kept, added, kept.length).join('')
}

function isSame({ type, blob }: PublicKey, entry: string): boolean {
  const other = parseKey(bodyOf(entry))
  return other?.type === type && other.blob === blob
}

function lineOf({ options, type, blob, comment }: PublicKey): string {
  return [options, type, blob, comment].filter((part) => part !== '').join(' ')
}
