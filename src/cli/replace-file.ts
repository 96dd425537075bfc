/** Replaces files of the user that may hold secrets. */
import { realpathSync, statSync } from 'node:fs'
import { InputError } from '../base/errors.ts'
import { systemReason } from '../base/regular-file.ts'
import { writeWholeFile } from './whole-file.ts'

/**
 * Writes a file: readers see the old or the new text. It keeps its owner, mode and links; only its owner may read
 * a new file.
 * @throws InputError
 */
export function replaceFile(path: string, text: string, randomHex: (bytes: number) => string): void {
  try {
    const before = statSync(path, { throwIfNoEntry: false })
    if (before === undefined) writeWholeFile(path, text, randomHex, { mode: 0o600 })
    else {
      const { uid, gid, mode } = before
      writeWholeFile(realpathSync(path), text, randomHex, { uid, gid, mode: mode & 0o7777 })
    }
  } catch (error) {
    throw new InputError([
      {
        code: 'cannot-write',
        message: `cannot write "${path}": ${systemReason(error)}`,
        hint: 'check the permissions of the file and its folder',
      },
    ])
  }
}
