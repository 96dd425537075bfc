import { cpSync, existsSync, readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { exitCodes, InputError } from '../../base/errors.ts'
import { systemReason } from '../../base/regular-file.ts'
import type { Context } from '../context.ts'
import { reportProblems } from '../show.ts'

export interface InitFlags {
  readonly inventoryOnly?: boolean
}

/** A file to create, relative to the new folder, and the included one that is copied. */
interface Copy {
  readonly to: string
  readonly from: string
}

/** `gpuplay init [DIRECTORY]`: creates a project, or only the example inventory. Never overwrites. */
export function initCommand(this: Context, { inventoryOnly = false }: InitFlags, directory?: string): void {
  const project = directory !== undefined && !inventoryOnly
  const named = directory ?? 'inventory'
  try {
    const target = resolve(this.world.workingDirectory, named)
    if (project) copyProject(projectFiles(this.shipped), target, named)
    else copyInventory(join(this.shipped, 'inventory/example'), target, named)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reportProblems(this, error.problems, { color: 'auto' })
    this.setExitCode(exitCodes.invalidInput)
    return
  }
  this.output.write(project ? projectSteps(named) : inventorySteps(named))
}

function projectSteps(directory: string): string {
  const steps = [
    ...(directory === '.' ? [] : [`cd ${directory}`]),
    'Put your hosts into inventory/hosts.yml and your versions into inventory/group_vars/.',
    'gpuplay lint .                      finds mistakes',
    'gpuplay run site.yml --check        shows what would change',
    'gpuplay run site.yml                applies the changes',
  ]
  return `created a project in ${directory}/

  site.yml                  what runs on which hosts
  inventory/                the hosts, and their variables
  roles/login_message/      an example of a role
  gpuplay.yml               defaults of options
  .gitignore                what git leaves out

Next:
${steps.map((step, index) => `  ${index + 1}. ${step}\n`).join('')}`
}

function inventorySteps(directory: string): string {
  return `copied the example inventory to ${directory}/

Next:
  1. Put your hosts into ${directory}/hosts.yml and your versions into ${directory}/group_vars/.
  2. gpuplay run site.yml -i ${directory} --check    shows what would change
  3. gpuplay run site.yml -i ${directory}            applies the changes
`
}

/** npm leaves files named .gitignore out of packages, so the included one has another name. */
function projectFiles(shipped: string): readonly Copy[] {
  const [project, inventory] = [join(shipped, 'examples/project'), join(shipped, 'inventory/example')]
  return [
    ...filesIn(project).map((path) => ({
      to: path === 'gitignore' ? '.gitignore' : path,
      from: join(project, path),
    })),
    ...filesIn(inventory).map((path) => ({ to: join('inventory', path), from: join(inventory, path) })),
  ]
}

function filesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  )
}

/** The folder may exist, such as a new repository, but none of the files. */
function copyProject(files: readonly Copy[], target: string, named: string): void {
  const taken = files.find(({ to }) => existsSync(join(target, to)))
  if (taken !== undefined)
    throw alreadyThere(join(named, taken.to), 'remove it, or name another directory: gpuplay init DIRECTORY')
  for (const { to, from } of files) copy(from, join(target, to), join(named, to))
}

function copyInventory(example: string, target: string, named: string): void {
  if (existsSync(target))
    throw alreadyThere(named, 'name a new directory: gpuplay init --inventory-only DIRECTORY')
  copy(example, target, named)
}

function alreadyThere(named: string, hint: string): InputError {
  return new InputError([{ code: 'already-there', message: `"${named}" already exists`, hint }])
}

function copy(from: string, to: string, named: string): void {
  try {
    cpSync(from, to, { recursive: true, errorOnExist: true, force: false })
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
