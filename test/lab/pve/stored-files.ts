/** What a directory contains, with all below it. */
import { readFileSync, readdirSync, statSync } from 'node:fs'

export interface Stored {
  /** From the directory, without a leading slash. */
  readonly path: string
  /** Seconds since 1970. */
  readonly mtime: number
  /** Undefined for a directory, which comes before what it contains. */
  readonly content: Buffer | undefined
}

export function* storedIn(root: string, below = ''): Generator<Stored> {
  for (const entry of readdirSync(`${root}/${below}`, { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    const file = `${root}/${path}`
    const mtime = Math.floor(statSync(file).mtimeMs / 1000)
    if (entry.isDirectory()) {
      yield { path, mtime, content: undefined }
      yield* storedIn(root, path)
    } else yield { path, mtime, content: readFileSync(file) }
  }
}
