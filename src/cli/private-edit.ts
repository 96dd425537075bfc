/** Lets the user edit a secret text in a private file, in memory where the system allows it. */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { InputError } from '../base/errors.ts'
import type { Context } from './context.ts'

/** A file system in memory: nothing of the text reaches a disk, unless the system swaps. */
const inMemory = '/dev/shm'

/**
 * @param name The name of the file that is edited: editors choose the language by its ending.
 * @throws InputError if the editor fails
 */
export function editPrivately({ world }: Pick<Context, 'world'>, name: string, text: string): string {
  const folder = mkdtempSync(join(isWritable(inMemory) ? inMemory : tmpdir(), 'gpuplay-'))
  try {
    const file = join(folder, basename(name))
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
    const { environment } = world
    const editor = [environment['VISUAL'], environment['EDITOR']].find((word) => (word ?? '') !== '') ?? 'vi'
    // As in git: the variable may contain options.
    const { status, error } = spawnSync('sh', ['-c', `${editor} "$@"`, editor, file], {
      cwd: world.workingDirectory,
      env: { ...environment },
      stdio: 'inherit',
    })
    if (error === undefined && status === 0) return readFileSync(file, 'utf8')
    throw new InputError([
      {
        code: 'editor-failed',
        message: `the editor "${editor}" ${error === undefined ? `failed with exit code ${status}` : `cannot be run: ${error.message}`}; nothing was changed`,
        hint: 'name another one in EDITOR',
      },
    ])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    return false
  }
}
