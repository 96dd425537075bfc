import { dirname, resolve } from 'node:path'
import type { Files } from '../files.ts'

/** Files that exist only in a test; folders are where files are. Paths are resolved, so relative ones work as on disk. */
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
    read: (path) => files.get(resolve(path)),
    kind(path) {
      if (files.has(resolve(path))) return 'file'
      return folders.has(resolve(path)) ? 'directory' : undefined
    },
    list: (path) => [...(folders.get(resolve(path)) ?? [])].sort(),
  }
}
