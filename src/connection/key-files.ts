import { createHash, createPrivateKey, sign } from 'node:crypto'
import type { ParsedKey } from 'ssh2'
import { readRegularFileLater } from '../base/regular-file.ts'
import type { Secret } from '../base/secret.ts'

export type KeyFile =
  | { readonly kind: 'usable'; readonly key: ParsedKey }
  | {
      readonly kind: 'unusable'
      readonly problem: { readonly code: string; readonly message: string; readonly hint: string }
    }

/** The private key files of a run. Each usable key is read and parsed once. */
export class KeyFiles {
  readonly #known = new Map<string, Promise<KeyFile>>()

  async read(file: string, passphrase: Secret | undefined): Promise<KeyFile> {
    const opened =
      passphrase === undefined ? '' : createHash('sha256').update(passphrase.reveal()).digest('hex')
    const name = JSON.stringify([file, opened])
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const reading = readKey(file, passphrase)
    this.#known.set(name, reading)
    const read = await reading
    if (read.kind === 'unusable') this.#known.delete(name)
    return read
  }
}

/** The maximum size of a key file, in bytes. */
const largest = 1024 * 1024

async function readKey(file: string, passphrase: Secret | undefined): Promise<KeyFile> {
  const read = await readRegularFileLater(file, largest)
  if (read.kind !== 'bytes') {
    return unusable(
      'private-key-unreadable',
      `cannot read the private key ${file}: ${read.kind === 'missing' ? 'there is no such file' : read.why}`,
      'set `private_key` to a key file that you can read, or remove it to use your ssh configuration and agent',
    )
  }
  const { utils } = (await import('ssh2')).default
  const all: ParsedKey | Error | (ParsedKey | Error)[] = utils.parseKey(read.bytes, passphrase?.reveal())
  const key = Array.isArray(all) ? (all[0] ?? new Error('it contains no key')) : all
  if (!(key instanceof Error)) {
    if (key.isPrivateKey()) return { kind: 'usable', key: signingFast(key) }
    return unusable(
      'private-key-invalid',
      `${file} contains no private key`,
      'set `private_key` to the file without `.pub`',
    )
  }
  if (!/encrypted|passphrase|bad decrypt|integrity/i.test(key.message)) {
    return unusable(
      'private-key-invalid',
      `the private key ${file} cannot be used: ${key.message}`,
      'security keys and certificates need `connection: openssh`',
    )
  }
  const hint = `add the key to your agent with \`ssh-add ${file}\`, or set the right passphrase`
  return passphrase === undefined
    ? unusable('passphrase-needed', `the private key ${file} is encrypted, but no passphrase is set`, hint)
    : unusable('passphrase-wrong', `wrong passphrase for the private key ${file}`, hint)
}

function unusable(code: string, message: string, hint: string): KeyFile {
  return { kind: 'unusable', problem: { code, message, hint } }
}

/**
 * ssh2 passes the key to Node as PEM text for each signature, and parsing it takes ten times as long as
 * signing.
 */
function signingFast(key: ParsedKey): ParsedKey {
  if (key.type !== 'ssh-ed25519') return key
  const native = createPrivateKey(key.getPrivatePEM())
  const fast: ParsedKey = Object.create(key)
  fast.sign = (data: Buffer | string) => sign(null, Buffer.from(data), native)
  return fast
}
