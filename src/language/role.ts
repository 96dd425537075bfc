/** Finds and reads roles: `defaults`, `vars`, `tasks`, `handlers`, `meta/arguments.yml`. */
import { basename, isAbsolute, join, resolve } from 'node:path'
import type { Position } from '../base/errors.ts'
import { readVariablesFile, readYamlFile, suggestions } from './read-files.ts'
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
import { isNothing } from './fields.ts'
import type { YamlMap } from './yaml.ts'

/** Returns the role with this name; reports it at `where` if it does not exist. */
export function findRole(
  loader: Loader,
  name: string,
  place: { readonly directory: string; readonly where: Position },
): LoadedRole | undefined {
  const folders = rolesFolders(loader, place.directory)
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

function rolesFolders(loader: Loader, directory: string): readonly string[] {
  return [join(directory, 'roles'), resolve(directory, '..', 'roles'), ...(loader.options.rolesPaths ?? [])]
}

function readRole(loader: Loader, directory: string, names: readonly string[]): LoadedRole {
  const name = basename(directory)
  refuseOtherFiles(loader, directory, { role: name, names })
  const declared = declaredArguments(loader, directory)
  checkMeta(loader, directory)
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
  }
}

function variablesOf(loader: Loader, directory: string, folder: string): Variables {
  const variables = new Map<string, Variable>()
  for (const path of roleVariableFiles(loader, directory, folder)) {
    const root = readMapFile(loader, path, readVariablesFile)
    if (root === undefined) continue
    for (const [name, variable] of loader.values.variables(root)) variables.set(name, variable)
  }
  return variables
}

function readMapFile(
  loader: Loader,
  path: string,
  read: typeof readYamlFile = readYamlFile,
): YamlMap | undefined {
  const root = read(loader.files, path, loader.problems)?.root
  if (root === undefined || isNothing(root)) return undefined
  if (root.kind === 'map') return root
  loader.report('invalid-variables', 'this file must be a map of variables', { where: root.where })
  return undefined
}

function declaredArguments(loader: Loader, directory: string): ReturnType<typeof readArguments> {
  const path = argumentsFile(loader, directory)
  const root = path === undefined ? undefined : readMapFile(loader, path)
  return root === undefined ? undefined : readArguments(loader, root)
}

function checkMeta(loader: Loader, directory: string): void {
  const path = mainFile(loader, directory, 'meta')
  const root = path === undefined ? undefined : readMapFile(loader, path)
  const specs = root?.entries.get('argument_specs')
  if (specs !== undefined && argumentsFile(loader, directory) === undefined) {
    loader.report('unsupported-role-file', 'gpuplay does not read "argument_specs"', {
      where: specs.where,
      hint: describeArguments,
    })
  }
  const found = root?.entries.get('dependencies')
  if (found === undefined || (found.value.kind === 'list' && found.value.items.length === 0)) return
  loader.report('not-yet-supported', 'role dependencies are not yet supported', {
    where: found.where,
    hint: 'list the roles in the play, in order',
  })
}
