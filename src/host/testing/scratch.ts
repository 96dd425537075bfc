import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A temporary directory, removed after the test. */
export interface Scratch {
  readonly directory: string
  path(name: string): string
  [Symbol.dispose](): void
}

export function scratch(): Scratch {
  const directory = mkdtempSync(join(tmpdir(), 'gpuplay-host-'))
  return {
    directory,
    path: (name) => join(directory, name),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  }
}
