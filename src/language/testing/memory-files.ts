import { dirname, resolve } from 'node:path'
import { noKeys } from '../encrypted/keyring.ts'
import type { Files } from '../read-files.ts'

/**
 * Files that exist only in a test; folders are where files are. Paths are resolved, so relative ones work as
 * on disk.
 */
export function memoryFiles(contents: Readonly<Record<string, string>>): Files {
  const files = new Map(Object.entries(contents).map(([path, text]) => [resolve(path), text]))
  const folders = new Map<string, Set<string>>()
  for (const path of files.keys()) {
    for (let child = path; dirname(child) !== child; child = dirname(child)) {
      const parent = dirname(child)
      const names = folders.get(parent) ?? new Set()
      folders.set(parent, names.add(child.slice(parent === '/' ? 1 : parent.length + 1)))
    }
  }
  return {
    keys: noKeys,
    read(path) {
      const text = files.get(resolve(path))
      return text === undefined ? { kind: 'missing' } : { kind: 'text', text }
    },
    kind(path) {
      if (files.has(resolve(path))) return 'file'
      return folders.has(resolve(path)) ? 'directory' : undefined
    },
    list(path) {
      const names = folders.get(resolve(path))
      return names === undefined ? { kind: 'missing' } : { kind: 'names', names: [...names].sort() }
    },
  }
}
