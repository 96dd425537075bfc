/** Finds and reads roles: `defaults`, `vars`, `tasks`, `handlers`, `meta/arguments.yml`. */
import { basename, isAbsolute, join, resolve } from 'node:path'
import { type Position } from '../base/errors.ts'
import { readYamlFile } from './files.ts'
import { type LoadedRole, type Loader } from './loader.ts'
import { type MapValue, type RoleArguments, type Variable, type Variables } from './model.ts'
import { didYouMean } from './suggest.ts'
import { isNothing } from './fields.ts'
import { isConstant, renderValue } from './render.ts'
import { type YamlMap } from './yaml.ts'

/** The role of that name; reported at `where` when there is none. */
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
  const directory = candidates.find((candidate) => loader.files.kind(candidate) === 'directory')
  if (directory === undefined) {
    const known = folders.flatMap((folder) => loader.files.list(folder))
    loader.report('unknown-role', `there is no role "${name}"`, {
      where: place.where,
      hint: didYouMean(name, known, `looked in ${folders.join(', ')}`),
    })
    return undefined
  }
  const known = loader.roles.get(directory)
  if (known !== undefined || loader.roles.has(directory)) return known
  const loaded = readRole(loader, directory)
  loader.roles.set(directory, loaded)
  return loaded
}

function rolesFolders(loader: Loader, directory: string): readonly string[] {
  return [join(directory, 'roles'), resolve(directory, '..', 'roles'), ...(loader.options.rolesPaths ?? [])]
}

function readRole(loader: Loader, directory: string): LoadedRole {
  const name = basename(directory)
  const declared = readArguments(loader, directory)
  refuseDependencies(loader, directory)
  return {
    role: {
      name,
      directory,
      defaults: new Map([...(declared?.defaults ?? []), ...variablesFile(loader, directory, 'defaults')]),
      vars: variablesFile(loader, directory, 'vars'),
      arguments: declared?.arguments,
    },
    tasksFile: mainFile(loader, directory, 'tasks'),
    handlersFile: mainFile(loader, directory, 'handlers'),
  }
}

/** The path of `FOLDER/main.yml`, if there is one. */
function mainFile(loader: Loader, directory: string, folder: string): string | undefined {
  return ['main.yml', 'main.yaml']
    .map((file) => join(directory, folder, file))
    .find((path) => loader.files.kind(path) === 'file')
}

function variablesFile(loader: Loader, directory: string, folder: string): Variables {
  const path = mainFile(loader, directory, folder)
  const root = path === undefined ? undefined : readMapFile(loader, path)
  return root === undefined ? new Map<string, Variable>() : loader.values.variables(root)
}

function readMapFile(loader: Loader, path: string): YamlMap | undefined {
  const root = readYamlFile(loader.files, path, loader.problems)?.root
  if (root === undefined || isNothing(root)) return undefined
  if (root.kind === 'map') return root
  loader.report('invalid-variables', 'this file must be a map of variables', { where: root.where })
  return undefined
}

/** The schema of the role's variables; the defaults in it are the role's weakest. */
function readArguments(
  loader: Loader,
  directory: string,
): { readonly arguments: RoleArguments; readonly defaults: Variables } | undefined {
  const path = join(directory, 'meta', 'arguments.yml')
  if (loader.files.kind(path) !== 'file') return undefined
  const root = readMapFile(loader, path)
  if (root === undefined) return undefined
  const value = withoutTemplates(loader, root)
  if (value === undefined) return undefined
  const schema = renderValue(value, { has: () => false, get: () => undefined, names: () => [] })
  if (!isRecord(schema) || schema['type'] !== 'object' || !isRecord(schema['properties'])) {
    loader.report('invalid-schema', 'the arguments of a role are described as a map', {
      where: root.where,
      hint: 'write "type: object" and the variables under "properties"',
    })
    return undefined
  }
  try {
    loader.schemas.compile(schema)
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    loader.report('invalid-schema', `this is not a JSON Schema: ${text}`, { where: root.where })
    return undefined
  }
  return { arguments: { file: path, schema }, defaults: schemaDefaults(value) }
}

function withoutTemplates(loader: Loader, root: YamlMap): MapValue | undefined {
  const value = loader.values.map(root)
  if (isConstant(value)) return value
  loader.report('invalid-schema', 'there can be no templates where arguments are described', {
    where: root.where,
    hint: 'put a default that is made of other variables into defaults/main.yml',
  })
  return undefined
}

function schemaDefaults(schema: MapValue): Variables {
  const defaults = new Map<string, Variable>()
  const properties = schema.entries.get('properties')?.value
  if (properties?.kind !== 'map') return defaults
  for (const [name, { value }] of properties.entries) {
    const found = value.kind === 'map' ? value.entries.get('default') : undefined
    if (found !== undefined) defaults.set(name, { name, value: found.value, where: found.where })
  }
  return defaults
}

function refuseDependencies(loader: Loader, directory: string): void {
  const path = mainFile(loader, directory, 'meta')
  const root = path === undefined ? undefined : readMapFile(loader, path)
  const found = root?.entries.get('dependencies')
  if (found === undefined || (found.value.kind === 'list' && found.value.items.length === 0)) return
  loader.report('not-yet-supported', 'dependencies of roles are not yet supported', {
    where: found.where,
    hint: 'list the roles in the play, in their order',
  })
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
