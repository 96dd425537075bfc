/** Files that other programs read at any time: they find the old text or the new one, never a part. */
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Problem } from '../base/errors.ts'
import { systemReason } from '../base/regular-file.ts'

/**
 * Returns why the file cannot be written, before any work is done for it. A link or a device is refused:
 * the new file would replace it, for example `/dev/null`.
 */
export function whyNotWritable(path: string): Problem | undefined {
  const refusal = (why: string, hint: string): Problem => ({
    code: 'not-writable',
    message: `cannot write ${path}: ${why}`,
    hint,
  })
  try {
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (status?.isDirectory() === true) return refusal('it is a directory', 'name a file in it')
    if (status?.isFile() === false)
      return refusal('it is not a regular file', 'name a file, or redirect the output')
    // With "/.", the error for a file in place of the directory says so, also to root.
    accessSync(`${dirname(path)}/.`, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    return refusal(systemReason(error), 'check the directory and its permissions')
  }
}

/** Who may read and change a file. */
export interface FileAccess {
  readonly mode: number
  readonly uid?: number
  readonly gid?: number
}

const everyone: FileAccess = { mode: 0o644 }

/**
 * Writes a file, by default one that everyone can read, with a temporary file beside it (`.NAME.HEX.tmp`).
 * @throws Error of the file system; the old file is then unchanged
 */
export function writeWholeFile(
  path: string,
  text: string,
  randomHex: (bytes: number) => string,
  { mode, uid = -1, gid = -1 }: FileAccess = everyone,
): void {
  const temporary = join(dirname(path), `.${basename(path)}.${randomHex(4)}.tmp`)
  const file = openSync(temporary, 'wx', 0o600)
  try {
    try {
      writeText(file, text)
      // -1 leaves the owner as it is.
      if (uid !== -1 || gid !== -1) fchownSync(file, uid, gid)
      fchmodSync(file, mode)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw error
  }
}

/** A full disk may take a part of the text before it refuses the rest. */
function writeText(file: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written)
}
