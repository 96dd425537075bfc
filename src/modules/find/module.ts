/** Reports the files below directories that match. */
import { defined } from '../../base/defined.ts'
import { globPattern } from '../../base/glob.ts'
import { nameOf, normalized } from '../../base/posix-paths.ts'
import type { Host } from '../../host/host.ts'
import { done, type Plan, refuse } from '../../host/plan.ts'
import {
  filesWithLine,
  formats,
  type FoundPath,
  stampedPathsBelow,
  presentTime,
} from '../../host/questions/search.ts'
import type { Module } from '../module.ts'
import { compilePattern } from '../support/regular-expression.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly found: readonly FoundPath[]
  /** By path, if the task asks for them. */
  readonly checksums: ReadonlyMap<string, string | undefined>
  /** Number of names that were compared. */
  readonly examined: number
  /** Directories of the task that do not exist. */
  readonly missing: readonly string[]
  /** What is wrong with a pattern. */
  readonly wrong: string | undefined
}

export const find = {
  name: 'find',
  summary: 'Finds files, directories or links by name, size and age. Changes nothing.',
  args,
  result,
  probe,
  plan,
  report: (given, { found, checksums, examined }) => ({
    files: found.map((entry) => shown(entry, given, checksums.get(entry.path))),
    matched: found.length,
    examined,
  }),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const { recurse, depth = 1000 } = given
  const [patterns, excludes] = [matcherOf('patterns', given), matcherOf('excludes', given)]
  for (const matcher of [patterns, excludes])
    if (typeof matcher === 'object')
      return { found: [], checksums: new Map(), examined: 0, missing: [], wrong: matcher.wrong }
  const paths = [...new Set([given.paths].flat().map(normalized))]
  const kinds = await Promise.all(paths.map((path) => host.stat(path, { follow: true })))
  const isThere = (index: number): boolean => kinds[index]?.kind === 'directory'
  const directories = paths.filter((_, index) => isThere(index))
  const [all, now] = await Promise.all([
    directories.length === 0
      ? []
      : host.ask(
          stampedPathsBelow({
            directories,
            depth: String(recurse ? depth : 1),
            format: formats[given.age_stamp],
          }),
        ),
    given.age === undefined ? 0 : host.ask(presentTime),
  ])
  const wanted = (entry: FoundPath): boolean =>
    isOfKind(entry, given) &&
    (typeof patterns !== 'function' || patterns(nameOf(entry.path))) &&
    !(typeof excludes === 'function' && excludes(nameOf(entry.path))) &&
    exceeds(entry.size, given.size, sizes) &&
    exceeds(now - entry.stamp, given.age, ages)
  const chosen = [...new Map(all.filter(wanted).map((entry) => [entry.path, entry])).values()]
  const matching = given.contains === undefined ? chosen : await containing(given.contains, chosen, host)
  const found = [...matching].sort((a, b) => (a.path < b.path ? -1 : 1)).slice(0, given.limit)
  const files = given.get_checksum ? found.filter(({ type }) => type === 'f') : []
  const sums = await Promise.all(files.map(async ({ path }) => [path, await host.hash(path)] as const))
  return {
    found,
    checksums: new Map(sums),
    examined: all.length,
    missing: paths.filter((_, index) => !isThere(index)),
    wrong: undefined,
  }
}

/** A command line has a limit, and so has an answer. */
const filesAtOnce = 500

async function containing(
  pattern: string,
  found: readonly FoundPath[],
  host: Host,
): Promise<readonly FoundPath[]> {
  const files = found.filter(({ type, path }) => type === 'f' && !path.includes('\n'))
  const parts = Array.from({ length: Math.ceil(files.length / filesAtOnce) }, (_, index) =>
    files.slice(index * filesAtOnce, (index + 1) * filesAtOnce).map(({ path }) => path),
  )
  const answers = await Promise.all(parts.map((part) => host.ask(filesWithLine({ pattern, files: part }))))
  const matching = new Set(answers.flat())
  return files.filter(({ path }) => matching.has(path))
}

function plan(_: Args, { missing, wrong }: Seen): Plan {
  if (wrong !== undefined) return refuse({ code: 'invalid-argument', message: wrong })
  return done(missing.map((path) => `there is no directory ${path}`))
}

type NameMatcher = (name: string) => boolean

/** Undefined without patterns. */
function matcherOf(
  argument: 'patterns' | 'excludes',
  given: Args,
): NameMatcher | { readonly wrong: string } | undefined {
  const sources = [given[argument]].flat()
  if (sources.length === 0) return undefined
  const matchers: NameMatcher[] = []
  for (const source of sources) {
    if (given.use_regex) {
      const compiled = compilePattern(`^(?:${source})`)
      if ('wrong' in compiled) return { wrong: `\`${argument}\`: ${compiled.wrong}` }
      matchers.push(compiled.matches)
    } else {
      const pattern = globPattern(source, { classes: true })
      matchers.push((name) => pattern.test(name))
    }
  }
  return (name) => matchers.some((matches) => matches(name))
}

const types = { file: 'f', directory: 'd', link: 'l' } as const

function isOfKind({ path, type }: FoundPath, { file_type: kind, hidden, paths }: Args): boolean {
  if (kind !== 'any' && type !== types[kind]) return false
  if (hidden) return true
  // Names that begin with a dot are hidden, with everything below them, but not the directories of the task.
  const base = [paths]
    .flat()
    .map(normalized)
    .filter((above) => path.startsWith(`${above === '/' ? '' : above}/`))
  return base.some((above) => !path.slice(above === '/' ? 0 : above.length).includes('/.'))
}

const sizes: Readonly<Record<string, number>> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 }
const ages: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 }

/** Whether a value is at least the limit, or with a minus sign at most. */
function exceeds(value: number, limit: string | undefined, units: Readonly<Record<string, number>>): boolean {
  if (limit === undefined) return true
  const number = Number.parseInt(limit, 10) * (units[limit.at(-1) ?? ''] ?? 1)
  return limit.startsWith('-') ? value <= -number : value >= number
}

function shown(
  { type, stamp, ...entry }: FoundPath,
  { age_stamp: time }: Args,
  checksum: string | undefined,
): Readonly<Record<string, unknown>> {
  const kinds = { isreg: type === 'f', isdir: type === 'd', islnk: type === 'l' }
  return { ...entry, ...kinds, [time]: stamp, ...defined({ checksum }) }
}
