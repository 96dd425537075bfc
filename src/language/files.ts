/** What the loaders need of the controller's file system. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { Problem } from '../base/errors.ts'
import { SourceFile } from './source.ts'
import { readYaml, type YamlNode } from './yaml.ts'

export interface Files {
  /** `undefined` when there is no such file or it cannot be read. */
  read(path: string): string | undefined
  kind(path: string): 'file' | 'directory' | undefined
  /** The names in a folder, sorted; empty when there is none. */
  list(path: string): readonly string[]
}

export const diskFiles: Files = {
  read(path) {
    try {
      return readFileSync(path, 'utf8')
    } catch {
      return undefined
    }
  },
  kind(path) {
    const found = statSync(path, { throwIfNoEntry: false })
    if (found === undefined) return undefined
    return found.isDirectory() ? 'directory' : 'file'
  },
  list(path) {
    try {
      return readdirSync(path).sort()
    } catch {
      return []
    }
  },
}

/** The text of a file that must be there; when it is not, or cannot be read, that is a problem. */
export function readText(files: Files, path: string, problems: Problem[]): string | undefined {
  const text = files.read(path)
  if (text === undefined) {
    problems.push({
      code: 'missing-file',
      message: `the inventory "${path}" cannot be read`,
      hint: 'check its permissions',
    })
  }
  return text
}

/** Reads a YAML file; `undefined` when there is none, which the caller reports where the file was asked for. */
export function readYamlFile(
  files: Files,
  path: string,
  problems: Problem[],
): { readonly root: YamlNode | undefined; readonly source: SourceFile } | undefined {
  const text = files.kind(path) === 'file' ? files.read(path) : undefined
  if (text === undefined) return undefined
  const source = new SourceFile(path, text)
  const { root, problems: found } = readYaml(source)
  problems.push(...found)
  return { root, source }
}
