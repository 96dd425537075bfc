/**
 * Reads what `ansible-vault` encrypts, formats 1.1 and 1.2: AES-256 in counter mode, authenticated by
 * HMAC-SHA256; both keys come from a password by PBKDF2.
 *
 * Source: the page "Ansible Vault payload format" of Ansible's documentation.
 */
import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'
import { LockedError } from './locked-error.ts'

/** The start of every such text. */
export const vaultHeader = '$ANSIBLE_VAULT;'

export interface VaultPassword {
  /** The vault ID; tried first for texts with the same one. */
  readonly id: string | undefined
  /** For messages: the path of the file, or "the password that was typed". */
  readonly name: string
  /** Read when it is needed. @throws LockedError */
  readonly read: () => string
}

export interface VaultText {
  readonly id: string | undefined
  readonly salt: Buffer
  readonly digest: Buffer
  readonly content: Buffer
}

/** @throws LockedError for other versions and damaged texts */
export function readVault(text: string): VaultText {
  const [header = '', ...lines] = text.trim().split(/\r?\n/)
  const [, version = '', cipher = '', id] = header.trim().split(';')
  if (!['1.1', '1.2'].includes(version) || cipher !== 'AES256')
    throw new LockedError(
      `gpuplay reads the versions 1.1 and 1.2 of Ansible Vault with AES256, not ${version} with ${cipher}`,
      'encrypt it again with "ansible-vault rekey"',
    )
  const inner = fromHex(lines.map((line) => line.trim()).join(''))
  const [salt, digest, content, ...more] = (inner?.toString('latin1') ?? '').split('\n').map(fromHex)
  if (salt === undefined || digest?.length !== 32 || content === undefined || more.length > 0)
    throw damaged('it is not what "ansible-vault encrypt" writes')
  return { id, salt, digest, content }
}

/** @throws LockedError if no password fits */
export function decryptVault(vault: VaultText, passwords: readonly VaultPassword[]): string {
  const fitting = passwords.filter(({ id }) => id !== undefined && id === vault.id)
  const others = passwords.filter((password) => !fitting.includes(password))
  for (const password of [...fitting, ...others]) {
    const text = opened(vault, password.read())
    if (text !== undefined) return text
  }
  const labelled = vault.id === undefined ? '' : ` (vault ID ${vault.id})`
  if (passwords.length === 0)
    throw new LockedError(
      `there is no password for Ansible Vault${labelled}`,
      'use --vault-password-file FILE or --ask-vault-pass, or set vault_password_files in gpuplay.yml',
    )
  throw new LockedError(
    `no password fits${labelled}; tried ${passwords.map(({ name }) => name).join(', ')}`,
    'pass the right one with --vault-password-file FILE or --vault-id ID@FILE',
  )
}

function opened({ salt, digest, content }: VaultText, password: string): string | undefined {
  const keys = pbkdf2Sync(password, salt, 10_000, 80, 'sha256')
  const made = createHmac('sha256', keys.subarray(32, 64)).update(content).digest()
  if (!timingSafeEqual(made, digest)) return undefined
  const cipher = createDecipheriv('aes-256-ctr', keys.subarray(0, 32), keys.subarray(64))
  const padded = Buffer.concat([cipher.update(content), cipher.final()])
  const padding = padded.at(-1) ?? 0
  if (padding < 1 || padding > 16 || padding > padded.length) throw damaged('its padding is wrong')
  return padded.subarray(0, padded.length - padding).toString('utf8')
}

function fromHex(text: string): Buffer | undefined {
  return /^(?:[0-9a-f]{2})*$/i.test(text) ? Buffer.from(text, 'hex') : undefined
}

function damaged(why: string): LockedError {
  return new LockedError(`it is damaged: ${why}`, 'restore it, for example from version control')
}
