/** A folder for playbooks, with an `out` that is emptied before each test of the suite. */
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, beforeEach } from 'node:test'
import { type Folder, localFolder, localReach, testWorld } from './local-run.ts'
import { type Watched, watched } from './watched-reach.ts'

export interface OutFolder {
  readonly folder: Folder
  readonly out: string
  /** The text of a file in `out`. */
  readonly file: (name: string) => string
  readonly watch: () => Watched
}

export function outFolder(): OutFolder {
  const folder = localFolder()
  const out = join(folder.path, 'out')
  beforeEach(() => {
    for (const name of ['out', 'state']) rmSync(join(folder.path, name), { recursive: true, force: true })
    mkdirSync(out)
  })
  after(() => folder.remove())
  return {
    folder,
    out,
    file: (name) => readFileSync(join(out, name), 'utf8'),
    watch: () => watched(localReach(testWorld(folder.path))),
  }
}
