/** Where gpuplay looks for files on the machine that it runs on. */
import { isAbsolute, join } from 'node:path'

export type FileKind = 'files' | 'templates' | 'vars'

/** Returns the paths to search for a file that a playbook names, in order. */
export function candidatesIn(folders: readonly string[], kind: FileKind, name: string): readonly string[] {
  if (isAbsolute(name)) return [name]
  return folders.flatMap((folder) => [join(folder, kind, name), join(folder, name)])
}
