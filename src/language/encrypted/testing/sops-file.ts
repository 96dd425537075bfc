/** Writes files as sops does, after `Encrypt` in `sops.go` and `aes/cipher.go` of sops 3.10. */
import { createCipheriv, createHash, randomBytes } from 'node:crypto'
import { armor, Encrypter } from 'age-encryption'
import { stringify } from 'yaml'

export interface SopsOptions {
  readonly recipient: string
  readonly format?: 'yaml' | 'json'
  /** Default: all values. */
  readonly encrypts?: (path: readonly string[]) => boolean
  readonly macOnlyEncrypted?: boolean
}

export async function sopsFile(data: object, options: SopsOptions): Promise<string> {
  const { recipient, format = 'yaml', encrypts = () => true, macOnlyEncrypted = false } = options
  const key = randomBytes(32)
  const hash = createHash('sha512')
  if (macOnlyEncrypted)
    hash.update(Buffer.from('8a3fd2ad54ce66527b1034f3d147be0b0b975b3bf44f72c6fdadec8176f27d69', 'hex'))
  const sealed = (value: unknown, path: readonly string[]): unknown => {
    if (value === null) return null
    if (Array.isArray(value)) return value.map((item) => sealed(item, path))
    if (typeof value === 'object')
      return Object.fromEntries(
        Object.entries(value).map(([name, part]) => [name, sealed(part, [...path, name])]),
      )
    const isEncrypted = encrypts(path)
    if (isEncrypted || !macOnlyEncrypted) hash.update(bytesOf(value))
    return isEncrypted && value !== ''
      ? encrypted(value, key, path.map((name) => `${name}:`).join(''))
      : value
  }
  const content = sealed(data, []) as object
  const lastmodified = '2026-11-22T09:00:00Z'
  const encrypter = new Encrypter()
  encrypter.addRecipient(recipient)
  const sops = {
    age: [{ recipient, enc: armor.encode(await encrypter.encrypt(key)) }],
    lastmodified,
    mac: encrypted(hash.digest('hex').toUpperCase(), key, lastmodified),
    mac_only_encrypted: macOnlyEncrypted,
    version: '3.10.2',
  }
  const file = { ...content, sops }
  return format === 'json' ? JSON.stringify(file, null, 2) : stringify(file, { lineWidth: 0 })
}

function bytesOf(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'True' : 'False') : String(value)
}

function encrypted(value: unknown, key: Buffer, data: string): string {
  const type =
    typeof value === 'boolean'
      ? 'bool'
      : typeof value === 'number'
        ? Number.isInteger(value)
          ? 'int'
          : 'float'
        : 'str'
  const iv = randomBytes(32)
  const cipher = createCipheriv('aes-256-gcm', key, iv)
  cipher.setAAD(Buffer.from(data))
  const content = Buffer.concat([cipher.update(bytesOf(value)), cipher.final()])
  const [text, start, tag] = [content, iv, cipher.getAuthTag()].map((bytes) => bytes.toString('base64'))
  return `ENC[AES256_GCM,data:${text},iv:${start},tag:${tag},type:${type}]`
}
