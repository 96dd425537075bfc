/** The files of a role: finds those that gpuplay reads, and refuses those of Ansible that it cannot. */
import { join } from 'node:path'
import { plugins } from './ansible-files.ts'
import { listFolder } from './read-files.ts'
import type { Loader } from './loader.ts'

/** In Ansible's order. */
const extensions = ['', '.yml', '.yaml', '.json'] as const

/** Returns the path of `FOLDER/main.yml`, or of a variant of its name, if it exists. */
export function mainFile(loader: Loader, directory: string, folder: string): string | undefined {
  const names = listFolder(loader.files, join(directory, folder), loader.problems)
  const found = extensions
    .map((extension) => `main${extension}`)
    .filter((name) => names.includes(name))
    .map((name) => join(directory, folder, name))
    .filter((path) => loader.files.kind(path) === 'file')
  return oneOf(loader, found)
}

/** The names under which a file of tasks may exist: `tasks_from` may leave out the ending. */
export function taskFileNames(name: string): readonly string[] {
  return extensions.map((extension) => `${name}${extension}`)
}

/**
 * Returns the variable files in `FOLDER`: `main.yml`, or all files in `main/` in the order of their names.
 */
export function roleVariableFiles(loader: Loader, directory: string, folder: string): readonly string[] {
  const file = mainFile(loader, directory, folder)
  const inside = join(directory, folder, 'main')
  if (loader.files.kind(inside) !== 'directory') return file === undefined ? [] : [file]
  if (file !== undefined) oneOf(loader, [`${inside}/`, file])
  return filesBelow(loader, inside)
}

function filesBelow(loader: Loader, folder: string): readonly string[] {
  return listFolder(loader.files, folder, loader.problems).flatMap((name) => {
    if (name.startsWith('.') || name.endsWith('~')) return []
    const path = join(folder, name)
    if (loader.files.kind(path) === 'directory') return filesBelow(loader, path)
    return extensions.some((extension) => extension !== '' && name.endsWith(extension)) || !name.includes('.')
      ? [path]
      : []
  })
}

/** Of several variants, Ansible reads one and silently ignores the others. */
function oneOf(loader: Loader, paths: readonly string[]): string | undefined {
  const [first, second] = paths
  if (first !== undefined && second !== undefined) {
    loader.report('ambiguous-file', `only one of "${first}" and "${second}" can be read`, {
      hint: 'remove one of them',
    })
  }
  return first
}

const rewrite =
  'rewrite the tasks that use them with other modules (see "gpuplay modules"), and remove the directory'

/**
 * Reports files of a role that Ansible would read and gpuplay does not; `names` are the names in the
 * directory.
 */
export function refuseOtherFiles(
  loader: Loader,
  directory: string,
  { role, names }: { readonly role: string; readonly names: readonly string[] },
): void {
  for (const name of names) {
    const what = Object.hasOwn(plugins, name) ? plugins[name] : undefined
    if (what === undefined) continue
    const folder = join(directory, name)
    const held = listFolder(loader.files, folder, loader.problems).filter((file) => !file.startsWith('.'))
    if (held.length === 0) continue
    const message = `the role "${role}" has ${what} for Ansible in "${folder}", which gpuplay cannot run`
    loader.report('unsupported-role-file', message, { hint: rewrite })
  }
  // A role for both tools declares its arguments twice.
  if (argumentsFile(loader, directory) !== undefined) return
  for (const extension of extensions) {
    const path = join(directory, 'meta', `argument_specs${extension}`)
    if (extension === '' || loader.files.kind(path) !== 'file') continue
    loader.report('unsupported-role-file', `gpuplay does not read "${path}"`, { hint: describeArguments })
  }
}

/** The hint for arguments declared in Ansible's form. */
export const describeArguments =
  'declare the arguments as a JSON Schema in meta/arguments.yml; you can keep this form for Ansible'

/** Returns the file in which the role declares its arguments. */
export function argumentsFile(loader: Loader, directory: string): string | undefined {
  const spellings = ['arguments.yml', 'arguments.yaml'].map((name) => join(directory, 'meta', name))
  return oneOf(
    loader,
    spellings.filter((path) => loader.files.kind(path) === 'file'),
  )
}
