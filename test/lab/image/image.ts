/** Builds the file systems of nodes and containers: Debian 12, built by mmdebstrap from this machine's apt sources. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cached, type Recipe } from '../cache.ts'
import { LabError, run } from '../process.ts'

const here = import.meta.dirname
const suite = 'bookworm'

export interface Image {
  readonly directory: string
  /** Lower directories of a node's root, top first, excluding the stand-ins. */
  readonly node: readonly string[]
  /** Real Debian packages that were downloaded for the node's layer. */
  readonly packages: string
}

/** @param trust folder of internet/trust.sh, whose certificate and keys the images trust. */
export async function image(trust: string, say: (line: string) => void): Promise<Image> {
  const recipe: Recipe = {
    kind: 'image',
    inputs: [
      ...[
        'build.sh',
        'shift-ids.sh',
        'base-packages.txt',
        'node-packages.txt',
        'base',
        'ubuntu',
        'node-root',
      ].map((name) => join(here, name)),
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

/** The apt source files of this machine for Debian 12, in either of apt's formats. */
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
    'Run the lab on Debian 12: it builds its nodes from the packages of this machine’s distribution.',
  )
}

/** Whether an apt source, one-line or deb822, contains exactly this suite and the component `main`. */
export function namesSuite(text: string): boolean {
  const oneLine = new RegExp(`^deb\\s+(\\[[^\\]]*\\]\\s+)?\\S+\\s+${suite}\\s+(.*\\s)?main(\\s|$)`, 'm')
  const deb822 = new RegExp(`^Suites:(.*\\s)?${suite}(\\s|$)`, 'm')
  return oneLine.test(text) || (deb822.test(text) && /^Components:.*\bmain\b/m.test(text))
}
