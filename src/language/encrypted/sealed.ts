/** Recognizes encrypted texts, and opens them. */
import { InputError, type Position, type Problem } from '../../base/errors.ts'
import { ageText } from './age.ts'
import type { Keyring } from './keyring.ts'
import { LockedError } from './locked-error.ts'
import { vaultHeader } from './vault.ts'

export type SealedFormat = 'age' | 'vault'

/** For messages. */
export const formatNames: Readonly<Record<SealedFormat, string>> = { age: 'age', vault: 'Ansible Vault' }

/** Returns the format in which a whole file is encrypted, judging by its start. */
export function sealedFormat(bytes: Buffer): SealedFormat | undefined {
  if (bytes.subarray(0, vaultHeader.length).toString('latin1') === vaultHeader) return 'vault'
  return ageText(bytes.subarray(0, 256)) === undefined ? undefined : 'age'
}

/** Returns the plain text. The caller hides it. @throws LockedError */
export function opened(bytes: Buffer, format: SealedFormat, keys: Keyring): string {
  switch (format) {
    case 'age':
      return keys.age(bytes, 'gpuplay').toString('utf8')
    case 'vault':
      return keys.vault(bytes.toString('utf8'))
  }
}

/** The code of the problem that something cannot be decrypted. */
export const lockedCode = 'cannot-decrypt'

/** Returns what `open` returns. @throws InputError with the place, if it cannot be decrypted */
export function openedAt<T>(where: Position, open: () => T): T {
  try {
    return open()
  } catch (error) {
    if (!(error instanceof LockedError)) throw error
    throw new InputError([
      { code: lockedCode, message: `cannot decrypt this value: ${error.why}`, hint: error.hint, where },
    ])
  }
}

/** Returns the problem that a file cannot be decrypted. */
export function lockedFile(path: string, error: LockedError): Problem {
  return {
    code: lockedCode,
    message: `cannot decrypt "${path}": ${error.why}`,
    hint: error.hint,
    where: { file: path, line: 1, column: 1 },
  }
}
