/** The file systems that nodes and containers start from: Debian 12, made by mmdebstrap from this machine's apt sources. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached, type Recipe } from '../cache.ts'
import { LabError, run } from '../process.ts'

const here = import.meta.dirname
const suite = 'bookworm'

export interface Image {
  readonly directory: string
  /** Lower directories of a node's root, top first, without the stand-ins. */
  readonly node: readonly string[]
  /** Real Debian packages that came with the node's layer. */
  readonly packages: string
}

/** @param trust folder of internet/trust.sh, whose certificate and keys the images trust. */
export async function image(trust: string, say: (line: string) => void): Promise<Image> {
  const recipe: Recipe = {
    kind: 'image',
    inputs: [
      ...['build.sh', 'shift-ids.sh', 'base-packages.txt', 'node-packages.txt', 'base', 'node-root'].map(
        (name) => join(here, name),
      ),
      join(trust, 'ca.crt'),
    ],
    build: async (directory) => {
      await run([join(here, 'build.sh'), directory, trust, ...aptSources()], { timeout: 600_000 })
    },
  }
  const directory = await cached(recipe, say)
  return {
    directory,
    node: [join(directory, 'node'), join(directory, 'base')],
    packages: join(directory, 'packages'),
  }
}

/** The files of this machine's apt that say where Debian 12 comes from, in either of apt's formats. */
export function aptSources(directory = '/etc/apt'): readonly string[] {
  const parts = join(directory, 'sources.list.d')
  const files = [
    join(directory, 'sources.list'),
    ...(existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : []),
  ].filter((file) => /\.(list|sources)$/.test(file) && existsSync(file))
  const found = files.filter((file) => namesSuite(readFileSync(file, 'utf8')))
  if (found.length > 0) return found
  throw new LabError(
    `apt on this machine has no source for Debian 12 (${suite})`,
    'The lab builds its nodes from the packages of this machine’s own distribution: run it on Debian 12.',
  )
}

/** Whether apt source text, one-line or deb822, names the suite itself and Debian's own component `main`. */
export function namesSuite(text: string): boolean {
  const oneLine = new RegExp(`^deb\\s+(\\[[^\\]]*\\]\\s+)?\\S+\\s+${suite}\\s+(.*\\s)?main(\\s|$)`, 'm')
  const deb822 = new RegExp(`^Suites:(.*\\s)?${suite}(\\s|$)`, 'm')
  return oneLine.test(text) || (deb822.test(text) && /^Components:.*\bmain\b/m.test(text))
}
