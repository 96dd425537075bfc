import { cpSync, existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { exitCodes, InputError } from '../../base/errors.ts'
import { systemReason } from '../../base/regular-file.ts'
import type { Context } from '../context.ts'
import { reportProblems } from '../show.ts'

/** `gpuplay init [DIRECTORY]`: copies the example inventory. */
export function initCommand(this: Context, _flags: object, directory = 'inventory'): void {
  const target = resolve(this.world.workingDirectory, directory)
  try {
    copyExample(join(this.shipped, 'inventory/example'), target, directory)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
    return
  }
  this.output.write(`copied the example inventory to ${directory}/

Next:
  1. Put your hosts into ${directory}/hosts.yml and your versions into ${directory}/group_vars/.
  2. gpuplay run site.yml -i ${directory} --check    shows what would change
  3. gpuplay run site.yml -i ${directory}            applies the changes
`)
}

function copyExample(example: string, target: string, named: string): void {
  if (existsSync(target)) {
    throw new InputError([
      {
        code: 'already-there',
        message: `"${named}" already exists`,
        hint: 'name a directory that does not exist: gpuplay init DIRECTORY',
      },
    ])
  }
  try {
    cpSync(example, target, { recursive: true, errorOnExist: true, force: false })
  } catch (error) {
    throw new InputError([
      {
        code: 'cannot-write',
        message: `cannot create "${named}": ${systemReason(error)}`,
        hint: 'choose a directory that you can write to',
      },
    ])
  }
}
