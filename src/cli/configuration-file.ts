/**
 * Finds and reads `gpuplay.yml`: the file that `GPUPLAY_CONFIG` names, or the first one in the working folder,
 * beside the playbook, or beside the inventory of the command line.
 */
import { userInfo } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import type { Position, Problem } from '../base/errors.ts'
import type { Distrust } from '../base/regular-file.ts'
import { isHostList } from '../inventory/sources.ts'
import { diskFiles, diskFilesWithout, type Files, readYamlFile } from '../language/read-files.ts'
import { problem } from '../language/source.ts'
import { yamlData } from '../language/yaml.ts'
import { fileVariable } from './configuration-keys.ts'
import type { Context } from './context.ts'

export interface ConfigurationFile {
  readonly path: string
  readonly entries: ReadonlyMap<string, FileEntry>
}

export interface FileEntry {
  readonly keyAt: Position
  /** The position of the value. */
  readonly where: Position
  /** Plain data: YAML without tags. */
  readonly value: unknown
}

/** What decides where the file is looked for. */
export interface ConfigurationPlace {
  readonly playbooks?: readonly string[]
  readonly inventory?: readonly string[] | undefined
}

const fileName = 'gpuplay.yml'

/** Returns undefined if there is no file, or if it cannot be used. */
export function findConfigurationFile(
  context: Pick<Context, 'world' | 'shipped'>,
  place: ConfigurationPlace,
  problems: Problem[],
): ConfigurationFile | undefined {
  const { environment, workingDirectory } = context.world
  const named = environment[fileVariable] ?? ''
  if (named !== '') return read(diskFiles, resolve(workingDirectory, named), problems)
  const path = foldersOf(context, place)
    .map((folder) => join(folder, fileName))
    .find((candidate) => diskFiles.kind(candidate) === 'file')
  if (path === undefined) return undefined
  return read(diskFilesWithout(writtenByOthers(environment['SUDO_UID'])), path, problems)
}

function foldersOf(
  { world, shipped }: Pick<Context, 'world' | 'shipped'>,
  { playbooks = [], inventory = [] }: ConfigurationPlace,
): readonly string[] {
  const { workingDirectory } = world
  const beside = playbooks.map((playbook) => dirname(resolve(workingDirectory, playbook)))
  const sources = inventory
    .filter((source) => !isHostList(source, diskFiles))
    .map((source) => resolve(workingDirectory, source))
    .flatMap((path) => (diskFiles.kind(path) === 'directory' ? [path, dirname(path)] : [dirname(path)]))
  const folders = [workingDirectory, ...beside, ...sources]
  return [...new Set(folders)].filter((folder) => !folder.startsWith(join(shipped, 'playbooks')))
}

/**
 * A file that somebody left in a shared folder could name keys, users and hosts. Files of root, of this user,
 * and of the user who called sudo are trusted.
 */
function writtenByOthers(sudoUser: string | undefined): Distrust {
  const trusted = [0, userInfo().uid, ...(sudoUser === undefined ? [] : [Number(sudoUser)])]
  return ({ uid, mode }) => {
    const why = !trusted.includes(uid)
      ? `it belongs to another user (${uid})`
      : (mode & 0o002) !== 0
        ? 'it can be written by every user'
        : undefined
    if (why === undefined) return undefined
    const hint = `change its owner or mode, or name a file in ${fileVariable}`
    return { kind: 'unreadable', why, hint, untrusted: true }
  }
}

function read(files: Files, path: string, problems: Problem[]): ConfigurationFile | undefined {
  const file = readYamlFile(files, path, problems)
  if (file === undefined) return undefined
  const { root, source } = file
  if (root === undefined) return { path, entries: new Map() }
  if (root.kind !== 'map') {
    const hint = 'write keys and values, such as "forks: 20"; a playbook needs another name'
    problems.push(problem('wrong-setting', `${fileName} must be a map`, { where: source.position(0), hint }))
    return undefined
  }
  const entries = [...root.entries].map(([name, { where, value }]) => {
    const entry: FileEntry = { keyAt: where, where: value.where, value: yamlData(value) }
    return [name, entry] as const
  })
  return { path, entries: new Map(entries) }
}

/** Paths in a file are relative to its folder. Lists of hosts and `~/` stay as they are. */
export function resolvedPath(path: string, folder: string): string {
  if (isAbsolute(path) || path.startsWith('~') || isHostList(path, diskFiles)) return path
  return join(folder, path)
}
