/**
 * The loaders' interface to the controller's file system. An unreadable file never counts as empty: each
 * result has a kind for it.
 */
import { isUtf8 } from 'node:buffer'
import { lstatSync, readdirSync, statSync } from 'node:fs'
import { defined } from '../base/defined.ts'
import type { Problem } from '../base/errors.ts'
import { type Keyring, noKeys } from './encrypted/keyring.ts'
import { LockedError } from './encrypted/locked-error.ts'
import { formatNames, lockedFile, opened, type SealedFormat, sealedFormat } from './encrypted/sealed.ts'
import { sopsValues } from './encrypted/sops.ts'
import { type Distrust, readRegularFile, systemReason, type Unreadable } from '../base/regular-file.ts'
import { SourceFile } from './source.ts'
import { readYaml, type YamlNode } from './yaml.ts'

export type FileText =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly problem: Problem }
  /** It is encrypted as a whole. */
  | { readonly kind: 'sealed'; readonly bytes: Buffer; readonly format: SealedFormat }

export type FolderNames =
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'missing' }
  | { readonly kind: 'unreadable'; readonly problem: Problem }

export interface Files {
  read(path: string): FileText
  /**
   * `file` is anything but a directory, also if it cannot be accessed: `read` returns why. `undefined` if the
   * name does not exist.
   */
  kind(path: string): 'file' | 'directory' | undefined
  /** The names in a folder, sorted. */
  list(path: string): FolderNames
  /** The keys for encrypted files and values. */
  readonly keys: Keyring
}

/**
 * The largest playbook, inventory, variables or template file, in bytes. The largest known inventories have 2
 * MB.
 */
const largest = 8 * 1024 * 1024

export const diskFiles: Files = {
  read: (path) => readDisk(path),
  kind(path) {
    try {
      const found = statSync(path, { throwIfNoEntry: false })
      // A dangling link was put there to be read, so it is reported.
      if (found === undefined) return lstatSync(path, { throwIfNoEntry: false }) && 'file'
      return found.isDirectory() ? 'directory' : 'file'
    } catch {
      return 'file'
    }
  },
  list(path) {
    try {
      return { kind: 'names', names: readdirSync(path).sort() }
    } catch (error) {
      if (diskFiles.kind(path) === undefined) return { kind: 'missing' }
      return unreadable(path, {
        why: systemReason(error),
        hint: 'check this directory, its permissions, and those of its parent directories',
      })
    }
  },
  keys: noKeys,
}

/** The controller's file system, in which some files are not used because of their owner. */
export function diskFilesWithout(distrust: Distrust): Files {
  return { ...diskFiles, read: (path) => readDisk(path, distrust) }
}

function readDisk(path: string, distrust?: Distrust): FileText {
  const read = readRegularFile(path, largest, distrust)
  if (read.kind === 'missing') {
    if (diskFiles.kind(path) === undefined) return read
    const why = 'it is a symbolic link, and its target does not exist'
    return unreadable(path, { why, hint: 'fix the link or remove it' })
  }
  if (read.kind === 'unreadable') return unreadable(path, read)
  const format = sealedFormat(read.bytes)
  if (format !== undefined) return { kind: 'sealed', bytes: read.bytes, format }
  if (isUtf8(read.bytes)) return { kind: 'text', text: read.bytes.toString('utf8') }
  return unreadable(path, {
    why: 'it is not UTF-8 text',
    hint: 'convert it to UTF-8, for example with iconv',
  })
}

function unreadable(
  path: string,
  { why, hint, untrusted }: Omit<Unreadable, 'kind'>,
): { readonly kind: 'unreadable'; readonly problem: Problem } {
  return {
    kind: 'unreadable',
    problem:
      untrusted === true
        ? { code: 'untrusted-file', message: `"${path}" is not used, because ${why}`, hint }
        : { code: 'unreadable-file', message: `cannot read "${path}": ${why}`, hint },
  }
}

/** Returns the text of a required file; reports it if it is missing or unreadable. */
export function readText(files: Files, path: string, problems: Problem[]): string | undefined {
  const read = files.read(path)
  if (read.kind === 'text') return read.text
  problems.push(
    read.kind === 'unreadable'
      ? read.problem
      : read.kind === 'sealed'
        ? sealedHere(path, read.format)
        : { code: 'missing-file', message: `there is no file "${path}"`, hint: 'check the path' },
  )
  return undefined
}

/** The problem of an encrypted file that is not a file of variables. */
function sealedHere(path: string, format: SealedFormat): Problem {
  return {
    code: 'unreadable-file',
    message: `cannot read "${path}": it is encrypted with ${formatNames[format]}, and gpuplay decrypts only inventories and files of variables`,
    hint: 'decrypt it, and put its secrets into an encrypted file of variables',
  }
}

/** Returns the names in a folder, none if it does not exist; reports a folder that cannot be read. */
export function listFolder(files: Files, path: string, problems: Problem[]): readonly string[] {
  const listed = files.list(path)
  if (listed.kind === 'unreadable') problems.push(listed.problem)
  return listed.kind === 'names' ? listed.names : []
}

/**
 * Returns the names in the folder of a missing file, for "did you mean"; none if the folder cannot be read.
 */
export function suggestions(files: Files, folder: string): readonly string[] {
  const listed = files.list(folder)
  return listed.kind === 'names' ? listed.names : []
}

/** Reads a required YAML file; reports it and returns `undefined` if it is missing or unreadable. */
export function readYamlFile(files: Files, path: string, problems: Problem[]): ReadYaml | undefined {
  const text = readText(files, path, problems)
  return text === undefined ? undefined : parsed(new SourceFile(path, text), problems)
}

/**
 * The same for a file of variables, which may be encrypted. A file that cannot be decrypted has a problem with
 * the code `lockedCode`.
 */
export function readVariablesFile(files: Files, path: string, problems: Problem[]): ReadYaml | undefined {
  const source = readSealedSource(files, path, { problems })
  const read = source && parsed(source, problems)
  return read && { ...read, root: (source.sealed ? undefined : sopsValues(read.root)) ?? read.root }
}

/**
 * Returns the text of a required file that may be encrypted. If it cannot be decrypted, the problem has the code
 * `lockedCode`.
 * @param options.plainNames Variables that are no secrets although the file is encrypted
 */
export function readSealedSource(
  files: Files,
  path: string,
  { problems, plainNames }: { readonly problems: Problem[]; readonly plainNames?: ReadonlySet<string> },
): SourceFile | undefined {
  const read = files.read(path)
  if (read.kind !== 'sealed') {
    const text = readText(files, path, problems)
    return text === undefined ? undefined : new SourceFile(path, text)
  }
  try {
    const text = opened(read.bytes, read.format, files.keys)
    return new SourceFile(path, text, { sealed: true, ...defined({ plainNames }) })
  } catch (error) {
    if (!(error instanceof LockedError)) throw error
    problems.push(lockedFile(path, error))
    return undefined
  }
}

interface ReadYaml {
  /** Undefined for an empty file. */
  readonly root: YamlNode | undefined
  readonly source: SourceFile
}

function parsed(source: SourceFile, problems: Problem[]): ReadYaml {
  const { root, problems: found } = readYaml(source)
  problems.push(...found)
  return { root, source }
}
