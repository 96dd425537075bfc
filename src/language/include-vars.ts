/**
 * The files of `include_vars`: found and read when the task runs, and all that it can name when the playbook
 * loads, so that the names of their variables are known.
 */
import { basename, dirname, join } from 'node:path'
import { loadRe2 } from '../base/built.ts'
import { InputError, type Position, type Problem } from '../base/errors.ts'
import { globPattern } from '../base/glob.ts'
import { isSecretFile } from '../base/secret.ts'
import { candidatesIn } from './file-candidates.ts'
import type { Task, Variable, Variables } from './model.ts'
import { type Files, listFolder, readVariablesFile, suggestions } from './read-files.ts'
import { isSealed, problem } from './source.ts'
import { didYouMean } from './suggest.ts'
import { taskFolders } from './task-files.ts'
import { ValueReader } from './values.ts'
import type { YamlMap } from './yaml.ts'

/** The arguments of `include_vars`, with their defaults. */
export interface IncludeRequest {
  /** Names of files, of which the first that exists is read. */
  readonly names: readonly string[]
  /** A folder: all its files are read. */
  readonly folder: string | undefined
  /** Levels of folders to read; 0 for all. */
  readonly depth: number
  readonly extensions: readonly string[]
  /** A regular expression that the names of files in the folder contain. */
  readonly matching: string | undefined
  /** Names of files in the folder to leave out; `*` matches anything. */
  readonly ignored: readonly string[]
  /** The variable that gets all others as a map. */
  readonly name: string | undefined
}

/** Reads the arguments of `include_vars`, which its schema has checked. */
export function includeRequest(args: Readonly<Record<string, unknown>>): IncludeRequest {
  const text = (name: string): string | undefined => {
    const value = args[name]
    return typeof value === 'string' ? value : undefined
  }
  const texts = (name: string): readonly string[] | undefined => {
    const value = args[name]
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : undefined
  }
  const file = text('file')
  return {
    names: texts('file') ?? (file === undefined ? [] : [file]),
    folder: text('dir'),
    depth: typeof args['depth'] === 'number' ? args['depth'] : 0,
    extensions: texts('extensions') ?? defaultExtensions,
    matching: text('files_matching'),
    ignored: texts('ignore_files') ?? [],
    name: text('name'),
  }
}

export const defaultExtensions: readonly string[] = ['yml', 'yaml', 'json']

/**
 * Reads the variables that a task includes. Their values are rendered on read.
 * @throws InputError for missing files and mistakes in them
 */
export function includedVariables(
  task: Pick<Task, 'role' | 'directory' | 'args' | 'where'>,
  request: IncludeRequest,
  files: Files,
): Variables {
  const where = placeOf(task)
  const reader = new ValueReader()
  const found = findIncluded(task, request, files)
  reader.problems.push(...found.problems)
  const roots = found.paths.flatMap((path) => mapIn(reader, files, path))
  const variables = mergedVariables(reader, roots, { name: request.name, where })
  if (reader.problems.length > 0) throw new InputError(reader.problems)
  return variables
}

/** Returns the position of the name of the file or folder. */
export function placeOf({ args, where }: Pick<Task, 'args' | 'where'>): Position {
  return (args.entries.get('file') ?? args.entries.get('dir'))?.value.where ?? where
}

/** Returns the paths of the files to read, in order, and why there are none. */
export function findIncluded(
  task: Pick<Task, 'role' | 'directory' | 'args' | 'where'>,
  request: IncludeRequest,
  files: Files,
): { readonly paths: readonly string[]; readonly problems: readonly Problem[] } {
  const { names, folder } = request
  const kind = folder === undefined ? 'file' : 'directory'
  const wanted = folder === undefined ? names : [folder]
  const candidates = wanted.flatMap((name) => candidatesIn(taskFolders(task), 'vars', name))
  const found = candidates.find((path) => files.kind(path) === kind)
  if (found === undefined) {
    const [first = ''] = wanted
    const nearby = candidates.flatMap((path) => suggestions(files, dirname(path)))
    const what = kind === 'file' ? 'file' : 'folder'
    const message =
      wanted.length === 1
        ? `there is no ${what} "${first}"`
        : `none of these files exists: ${wanted.join(', ')}`
    const hint = didYouMean(basename(first), nearby, `looked for ${candidates.join(', ')}`)
    return { paths: [], problems: [problem('missing-file', message, { where: placeOf(task), hint })] }
  }
  if (kind === 'file') return { paths: [found], problems: [] }
  const problems: Problem[] = []
  const matches = matcherOf(request.matching, { where: placeOf(task), problems })
  return { paths: filesBelow(found, { request, files, matches, problems }, 1), problems }
}

interface FolderReading {
  readonly request: IncludeRequest
  readonly files: Files
  readonly matches: (name: string) => boolean
  readonly problems: Problem[]
}

/** The files of a folder in the order of their names, then those of its folders. */
function filesBelow(folder: string, reading: FolderReading, level: number): readonly string[] {
  const { request, files, matches, problems } = reading
  const paths = listFolder(files, folder, problems)
    .filter((name) => !name.startsWith('.') && !name.endsWith('~'))
    .map((name) => join(folder, name))
  const folders = paths.filter((path) => files.kind(path) === 'directory')
  const own = paths.filter((path) => {
    const name = basename(path)
    return (
      !folders.includes(path) &&
      request.extensions.some((extension) => name.endsWith(`.${extension}`)) &&
      !request.ignored.some((glob) => globPattern(glob).test(name)) &&
      matches(name)
    )
  })
  const deeper = request.depth === 0 || level < request.depth
  return [...own, ...(deeper ? folders.flatMap((path) => filesBelow(path, reading, level + 1)) : [])]
}

function matcherOf(
  pattern: string | undefined,
  { where, problems }: { readonly where: Position; readonly problems: Problem[] },
): (name: string) => boolean {
  if (pattern === undefined) return () => true
  try {
    const compiled = loadRe2().compile(pattern)
    return (name) => compiled.matcher(name).find()
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    problems.push(
      problem('invalid-argument', `"files_matching" is not a regular expression: ${why}`, {
        where,
        hint: 'write one of RE2: "^node-.*"',
      }),
    )
    return () => false
  }
}

/** Reads a file that must be a map; none if it is empty. */
export function mapIn(reader: ValueReader, files: Files, path: string): readonly YamlMap[] {
  const root = readVariablesFile(files, path, reader.problems)?.root
  if (root === undefined || (root.kind === 'scalar' && root.value === null)) return []
  if (root.kind === 'map') return [root]
  reader.problems.push(
    problem('invalid-variables', 'this file must be a map of variables', { where: root.where }),
  )
  return []
}

/** Of variables with the same name, the last wins. With `name`, all of them are entries of that variable. */
export function mergedVariables(
  reader: ValueReader,
  roots: readonly YamlMap[],
  { name, where }: { readonly name: string | undefined; readonly where: Position },
): Variables {
  if (name === undefined) return new Map(roots.flatMap((root) => [...reader.variables(root)]))
  if (!reader.checkName(name, where)) return new Map()
  const entries = new Map(roots.flatMap((root) => [...reader.map(root).entries]))
  const places = [...roots.map((root) => root.where), where]
  // The file decides whether the texts in it are secrets.
  const place = places.find((one) => isSealed(one) || isSecretFile(one.file)) ?? places[0] ?? where
  const variable: Variable = { name, value: { kind: 'map', entries, where: place }, where: place }
  return new Map([[name, variable]])
}
