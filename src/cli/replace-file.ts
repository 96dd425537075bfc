/** Replaces files of this machine atomically. */
import {
  chmodSync,
  chownSync,
  closeSync,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { InputError } from '../base/errors.ts'
import { systemReason } from '../base/regular-file.ts'

/**
 * Writes a file: readers see the old or the new text. It keeps its owner and mode; a new file has mode 0600.
 * @param random Makes the name of the temporary file unique.
 * @throws InputError
 */
export function replaceFile(path: string, text: string, random: string): void {
  let temporary: string | undefined
  try {
    const before = statSync(path, { throwIfNoEntry: false })
    const target = before === undefined ? path : realpathSync(path)
    temporary = join(dirname(target), `.gpuplay-${random}`)
    const file = openSync(temporary, 'wx', 0o600)
    try {
      writeSync(file, text)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    if (before !== undefined) {
      const { uid, gid } = statSync(temporary)
      if (uid !== before.uid || gid !== before.gid) chownSync(temporary, before.uid, before.gid)
      chmodSync(temporary, before.mode & 0o7777)
    }
    renameSync(temporary, target)
  } catch (error) {
    if (temporary !== undefined) rmSync(temporary, { force: true })
    throw new InputError([
      {
        code: 'cannot-write',
        message: `cannot write "${path}": ${systemReason(error)}`,
        hint: 'check the permissions of the file and its folder',
      },
    ])
  }
}
