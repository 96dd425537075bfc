/** Reads every file that an `include_vars` can name, when the playbook loads. */
import { basename, dirname, join } from 'node:path'
import { globPattern } from '../base/glob.ts'
import type { Problem } from '../base/errors.ts'
import { candidatesIn } from './file-candidates.ts'
import { findIncluded, includeRequest, mapIn, mergedVariables, placeOf } from './include-vars.ts'
import type { Loader } from './loader.ts'
import type { Loop, Task, Value, Variables } from './model.ts'
import { lockedCode } from './encrypted/sealed.ts'
import { listFolder, readVariablesFile } from './read-files.ts'
import { isConstant, renderValue } from './render.ts'
import { problem } from './source.ts'
import { taskFolders } from './task-files.ts'
import type { YamlMap } from './yaml.ts'

type IncludingTask = Pick<Task, 'role' | 'directory' | 'args' | 'where' | 'loop'>
/** What decides the names of files. */
type NamingTask = Pick<Task, 'role' | 'directory' | 'loop'>

/**
 * Returns all variables that the task may set; of several with the same name, any one. Reports files that do not
 * exist, mistakes in files, and names that do not show which files they can mean.
 */
export function possibleIncludes(loader: Loader, task: IncludingTask): Variables {
  const { entries } = task.args
  const where = placeOf(task)
  const known = includeRequest(constantsOf(task))
  const named = entries.get(entries.has('dir') ? 'dir' : 'file')?.value
  if (named === undefined) return new Map()
  if (entries.has('name') && known.name === undefined) {
    loader.report('not-templated', '"name" of "include_vars" cannot be a template', {
      where: entries.get('name')?.where ?? where,
      hint: 'write the name itself: it must be known when the playbook loads',
    })
    return new Map()
  }
  const globs = globsOf(named, task)
  const unclear = globs === undefined || (entries.has('dir') && globs.some((glob) => glob.includes('*')))
  if (unclear) {
    loader.report('unclear-file', '"include_vars" does not show which files it can read', {
      where,
      hint: 'write the folder and the ending as text: "drivers/{{facts.os.id}}.yml"; gpuplay reads all such files first',
    })
    return new Map()
  }
  const exact = globs.length === 1 && !globs.some((glob) => glob.includes('*'))
  const roots =
    exact || entries.has('dir')
      ? exactFiles(loader, task, {
          ...known,
          names: globs,
          folder: entries.has('dir') ? globs[0] : undefined,
        })
      : matchingFiles(loader, task, globs)
  return mergedVariables(loader.values, roots, { name: known.name, where })
}

function exactFiles(
  loader: Loader,
  task: IncludingTask,
  request: ReturnType<typeof includeRequest>,
): readonly YamlMap[] {
  const { paths, problems } = findIncluded(task, request, loader.files)
  loader.problems.push(...problems)
  return paths.flatMap((path) => mapIn(loader.values, loader.files, path))
}

function matchingFiles(loader: Loader, task: IncludingTask, globs: readonly string[]): readonly YamlMap[] {
  const paths = [...new Set(globs.flatMap((glob) => pathsLike(loader, task, glob)))]
  if (paths.length > 0) return paths.flatMap((path) => mapAmong(loader, path))
  const looked = globs.flatMap((glob) => candidatesIn(taskFolders(task), 'vars', glob))
  const names = globs.join(', ')
  loader.problems.push(
    problem(
      'missing-file',
      globs.length === 1 ? `no file matches "${names}"` : `no file exists of ${names}`,
      {
        where: placeOf(task),
        hint: `looked for ${looked.join(', ')}`,
      },
    ),
  )
  return []
}

/** The files in the first folder that has any. */
function pathsLike({ files, problems }: Loader, task: IncludingTask, glob: string): readonly string[] {
  for (const candidate of candidatesIn(taskFolders(task), 'vars', glob)) {
    const folder = dirname(candidate)
    const pattern = globPattern(basename(candidate))
    const found = listFolder(files, folder, problems)
      .filter((name) => pattern.test(name))
      .map((name) => join(folder, name))
      .filter((path) => files.kind(path) === 'file')
    if (found.length > 0) return found
  }
  return []
}

/** A file whose name only matches may be something else. */
function mapAmong({ files, values }: Loader, path: string): readonly YamlMap[] {
  const problems: Problem[] = []
  const root = readVariablesFile(files, path, problems)?.root
  if (root !== undefined && root.kind !== 'map') return []
  // A file that cannot be decrypted is a mistake only if the run reads it.
  values.problems.push(...problems.filter(({ code }) => code !== lockedCode))
  return root === undefined ? [] : [root]
}

function constantsOf({ args }: IncludingTask): Readonly<Record<string, unknown>> {
  const none = { has: () => false, get: () => undefined, names: () => [], localSources: undefined }
  return Object.fromEntries(
    [...args.entries].flatMap(([name, { value }]) =>
      isConstant(value) ? [[name, renderValue(value, none)] as const] : [],
    ),
  )
}

/** The names that a value can have, with `*` for what only the run knows; undefined if they can be any. */
export function globsOf(value: Value, task: NamingTask): readonly string[] | undefined {
  switch (value.kind) {
    case 'literal':
      return typeof value.value === 'string' ? [value.value] : []
    case 'list': {
      const parts = value.items.map((item) => globsOf(item, task))
      return parts.includes(undefined) ? undefined : parts.flatMap((part) => part ?? [])
    }
    case 'template':
      return itemsNamed(value.path ?? [], task.loop) ?? globOf(value.source, task)
    case 'map':
    case 'expression':
    case 'sealed':
      return undefined
  }
}

/** The texts of a loop over a written list, if the path is its variable. */
function itemsNamed(
  [name, ...rest]: readonly string[],
  loop: Loop | undefined,
): readonly string[] | undefined {
  if (loop === undefined || name !== loop.variable || rest.length > 0) return undefined
  if (loop.items.kind !== 'list') return undefined
  const texts = loop.items.items.map((item) => (item.kind === 'literal' ? item.value : undefined))
  return texts.every((text) => typeof text === 'string') ? texts : undefined
}

function globOf(source: string, { role, directory }: NamingTask): readonly string[] | undefined {
  // Helpers with blocks may produce any text.
  if (/\{\{\{?\s*[#^/]|\\\{/.test(source)) return undefined
  const glob = source
    .replaceAll(/\{\{\s*playbook_dir\s*\}\}/g, directory)
    .replaceAll(/\{\{\s*role_path\s*\}\}/g, role?.role.directory ?? '*')
    .replaceAll(/\{\{.*?\}\}\}?/gs, '*')
  return dirname(glob).includes('*') || !/[^*]/.test(basename(glob)) ? undefined : [glob]
}
