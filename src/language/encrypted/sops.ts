/**
 * Reads files of sops (https://getsops.io) in YAML and JSON. Their keys are readable, their values encrypted
 * with AES-256-GCM; the data key is encrypted for recipients of age.
 *
 * Sources: `aes/cipher.go`, `sops.go` and `stores/stores.go` of sops 3.10.
 */
import { createDecipheriv, createHash } from 'node:crypto'
import { Secret } from '../../base/secret.ts'
import { type YamlMap, type YamlNode, type YamlScalar, yamlData } from '../yaml.ts'
import type { Keyring } from './keyring.ts'
import { LockedError } from './locked-error.ts'

/** The key of the metadata. */
const metadataKey = 'sops'

/**
 * Returns the map without its metadata, and with values that open when they are read; undefined if sops has not
 * written it.
 */
export function sopsValues(root: YamlNode | undefined): YamlMap | undefined {
  if (root?.kind !== 'map') return undefined
  const metadata = root.entries.get(metadataKey)?.value
  if (metadata?.kind !== 'map' || !metadata.entries.has('mac')) return undefined
  const entries = new Map([...root.entries].filter(([key]) => key !== metadataKey))
  const content: YamlMap = { ...root, entries }
  const file = new SopsFile(content, yamlData(metadata))
  return withSealed(content, file, [])
}

function withSealed<N extends YamlNode>(node: N, file: SopsFile, path: readonly string[]): N
function withSealed(node: YamlNode, file: SopsFile, path: readonly string[]): YamlNode {
  switch (node.kind) {
    case 'scalar':
      if (!isEncrypted(node)) return node
      return { ...node, sealed: (keys) => file.value(node, path, keys) }
    case 'list':
      // The items of a list have the path of the list.
      return { ...node, items: node.items.map((item) => withSealed(item, file, path)) }
    case 'map':
      return {
        ...node,
        entries: new Map(
          [...node.entries].map(([key, entry]) => [
            key,
            { ...entry, value: withSealed(entry.value, file, [...path, key]) },
          ]),
        ),
      }
  }
}

class SopsFile {
  readonly #content: YamlMap
  readonly #metadata: Metadata
  #dataKey: Buffer | undefined

  constructor(content: YamlMap, metadata: unknown) {
    this.#content = content
    this.#metadata = metadataOf(metadata)
  }

  /** Returns the plain value: texts and numbers as secrets. @throws LockedError */
  value(node: YamlScalar, path: readonly string[], keys: Keyring): unknown {
    if (keys.isBlind) return new Secret('(secret)')
    this.#dataKey ??= this.#checkedKey(keys)
    const { text, type } = decrypted(String(node.value), this.#dataKey, pathText(path))
    return type === 'bool' ? text === 'True' : keys.hide(text)
  }

  /** Returns the data key, after the check that nobody has changed, moved or removed a value. */
  #checkedKey(keys: Keyring): Buffer {
    const key = dataKey(this.#metadata, keys)
    const { mac, lastModified, onlyEncrypted } = this.#metadata
    const hash = createHash('sha512')
    if (onlyEncrypted) hash.update(createHash('sha256').update('sops').digest())
    for (const [node, path] of leaves(this.#content, [])) {
      if (isEncrypted(node)) hash.update(decrypted(String(node.value), key, pathText(path)).text)
      else if (!onlyEncrypted) hash.update(plainText(node))
    }
    const wanted = decrypted(mac, key, lastModified).text
    if (hash.digest('hex').toUpperCase() === wanted) return key
    throw new LockedError(
      'the file was changed without sops: its MAC is wrong',
      'restore it, and change it with "sops edit"',
    )
  }
}

interface Metadata {
  readonly dataKeys: readonly string[]
  readonly mac: string
  readonly lastModified: string
  readonly onlyEncrypted: boolean
  readonly groups: number
}

function metadataOf(data: unknown): Metadata {
  const field = (value: unknown, name: string): unknown =>
    typeof value === 'object' && value !== null && Object.hasOwn(value, name)
      ? (value as Record<string, unknown>)[name]
      : undefined
  const items = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
  const groups = items(field(data, 'key_groups'))
  const recipients = [data, ...groups].flatMap((group) => items(field(group, 'age')))
  return {
    dataKeys: recipients.flatMap((recipient) => {
      const encrypted = field(recipient, 'enc')
      return typeof encrypted === 'string' ? [encrypted] : []
    }),
    mac: String(field(data, 'mac')),
    lastModified: String(field(data, 'lastmodified')),
    onlyEncrypted: field(data, 'mac_only_encrypted') === true,
    groups: groups.length,
  }
}

/** @throws LockedError */
function dataKey({ dataKeys, groups }: Metadata, keys: Keyring): Buffer {
  if (groups > 1)
    throw new LockedError(
      'its key is shared between groups of keys',
      'decrypt it with "sops decrypt", or remove the groups with "sops groups delete"',
    )
  let reason: LockedError | undefined
  for (const encrypted of dataKeys)
    try {
      return keys.age(Buffer.from(encrypted), 'sops')
    } catch (error) {
      if (!(error instanceof LockedError)) throw error
      reason ??= error
    }
  throw (
    reason ??
    new LockedError(
      'it is not encrypted for a recipient of age',
      'add one: sops rotate --in-place --add-age RECIPIENT FILE',
    )
  )
}

const pattern = /^ENC\[AES256_GCM,data:(.*),iv:(.+),tag:(.+),type:(\w+)\]$/s

function isEncrypted({ value }: YamlScalar): boolean {
  return typeof value === 'string' && pattern.test(value)
}

/** @param data What belongs to the value, authenticated with it: its path, or the time of the file. */
function decrypted(
  text: string,
  key: Buffer,
  data: string,
): { readonly text: string; readonly type: string } {
  const [, content = '', iv = '', tag = '', type = ''] = pattern.exec(text) ?? []
  try {
    const cipher = createDecipheriv('aes-256-gcm', key, Buffer.from(iv, 'base64'), { authTagLength: 16 })
    cipher.setAAD(Buffer.from(data))
    cipher.setAuthTag(Buffer.from(tag, 'base64'))
    const bytes = Buffer.concat([cipher.update(Buffer.from(content, 'base64')), cipher.final()])
    return { text: bytes.toString('utf8'), type }
  } catch {
    throw new LockedError(
      'the file was changed without sops: a value does not belong here',
      'restore it, and change it with "sops edit"',
    )
  }
}

function pathText(path: readonly string[]): string {
  return path.map((key) => `${key}:`).join('')
}

function* leaves(
  node: YamlNode,
  path: readonly string[],
): Iterable<readonly [YamlScalar, readonly string[]]> {
  switch (node.kind) {
    case 'scalar':
      yield [node, path]
      break
    case 'list':
      for (const item of node.items) yield* leaves(item, path)
      break
    case 'map':
      for (const [key, { value }] of node.entries) yield* leaves(value, [...path, key])
      break
  }
}

/** A value that sops left readable, as it enters the MAC. */
function plainText({ value }: YamlScalar): string {
  if (value === null) return ''
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
}
