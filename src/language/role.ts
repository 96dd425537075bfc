/** Finds and reads roles: `defaults`, `vars`, `tasks`, `handlers`, `meta/main.yml`, `meta/arguments.yml`. */
import { basename, dirname, isAbsolute, join, resolve } from 'node:path'
import type { Position } from '../base/errors.ts'
import { FieldReader } from './fields.ts'
import { suggestions } from './read-files.ts'
import type { LoadedRole, Loader } from './loader.ts'
import type { Variable, Variables } from './model.ts'
import {
  argumentsFile,
  describeArguments,
  mainFile,
  refuseOtherFiles,
  roleVariableFiles,
} from './role-files.ts'
import { readArguments } from './role-meta.ts'
import { didYouMean } from './suggest.ts'
import { readMapFile } from './play-variables.ts'

/** Where a role is named. */
export interface RolePlace {
  /** The playbook's folder. */
  readonly directory: string
  /** The folder of the role that names it: roles beside it are found, too. */
  readonly inside: string | undefined
  readonly where: Position
}

/** Returns the role with this name; reports it at `where` if it does not exist. */
export function findRole(loader: Loader, name: string, place: RolePlace): LoadedRole | undefined {
  const folders = rolesFolders(loader, place)
  const candidates =
    isAbsolute(name) || name.startsWith('.')
      ? [resolve(place.directory, name)]
      : folders.map((folder) => join(folder, name))
  const directory = candidates.find((candidate) => loader.files.kind(candidate) !== undefined)
  if (directory === undefined) {
    const known = folders.flatMap((folder) => suggestions(loader.files, folder))
    loader.report('unknown-role', `there is no role "${name}"`, {
      where: place.where,
      hint: didYouMean(name, known, `looked in ${folders.join(', ')}`),
    })
    return undefined
  }
  const known = loader.roles.get(directory)
  if (known !== undefined || loader.roles.has(directory)) return known
  const listed = loader.files.list(directory)
  if (listed.kind === 'unreadable') loader.problems.push(listed.problem)
  const loaded = listed.kind === 'names' ? readRole(loader, directory, listed.names) : undefined
  loader.roles.set(directory, loaded)
  return loaded
}

/** Returns the folders that contain roles, in the order of the search. */
export function rolesFolders(
  loader: Loader,
  { directory, inside }: Pick<RolePlace, 'directory' | 'inside'>,
): readonly string[] {
  const beside = inside === undefined ? [] : [dirname(inside)]
  return [
    ...new Set([
      join(directory, 'roles'),
      resolve(directory, '..', 'roles'),
      ...(loader.options.rolesPaths ?? []),
      ...beside,
    ]),
  ]
}

function readRole(loader: Loader, directory: string, names: readonly string[]): LoadedRole {
  const name = basename(directory)
  refuseOtherFiles(loader, directory, { role: name, names })
  const declared = declaredArguments(loader, directory)
  return {
    role: {
      name,
      directory,
      defaults: new Map([...(declared?.defaults ?? []), ...variablesOf(loader, directory, 'defaults')]),
      vars: variablesOf(loader, directory, 'vars'),
      arguments: declared?.arguments,
    },
    tasksFile: mainFile(loader, directory, 'tasks'),
    handlersFile: mainFile(loader, directory, 'handlers'),
    ...readMeta(loader, directory),
  }
}

function variablesOf(loader: Loader, directory: string, folder: string): Variables {
  const variables = new Map<string, Variable>()
  for (const path of roleVariableFiles(loader, directory, folder)) {
    const root = readMapFile(loader, path)
    if (root === undefined) continue
    for (const [name, variable] of loader.values.variables(root)) variables.set(name, variable)
  }
  return variables
}

function declaredArguments(loader: Loader, directory: string): ReturnType<typeof readArguments> {
  const path = argumentsFile(loader, directory)
  const root = path === undefined ? undefined : readMapFile(loader, path)
  return root === undefined ? undefined : readArguments(loader, root)
}

/** What `meta/main.yml` says about uses of the role; its other keys are for Ansible Galaxy. */
function readMeta(loader: Loader, directory: string): Pick<LoadedRole, 'dependencies' | 'allowDuplicates'> {
  const path = mainFile(loader, directory, 'meta')
  const root = path === undefined ? undefined : readMapFile(loader, path)
  if (root === undefined) return { dependencies: [], allowDuplicates: false }
  const specs = root.entries.get('argument_specs')
  if (specs !== undefined && argumentsFile(loader, directory) === undefined) {
    loader.report('unsupported-role-file', 'gpuplay does not read "argument_specs"', {
      where: specs.where,
      hint: describeArguments,
    })
  }
  const fields = new FieldReader(root, loader.values)
  return {
    dependencies: fields.list('dependencies'),
    allowDuplicates: fields.boolean('allow_duplicates') ?? false,
  }
}
