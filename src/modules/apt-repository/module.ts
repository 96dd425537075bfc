/**
 * Configures a package repository and its key in a separate file. Another entry of the same repository must
 * not conflict with it.
 *
 * Two entries for one repository with different `Signed-By` make every apt command fail ("Conflicting values
 * set for option Signed-By"). The installation guides of vendors often lead to this.
 */
import { changedSince, updateLists } from '../../apt/lists.ts'
import { type NetworkLack, lackFor, waitForNetwork } from '../../apt/network.ts'
import {
  disable,
  entriesOf,
  type PlacedEntry,
  readSources,
  renderSources,
  sameRepository,
  type SourceEntry,
  type WriteText,
  sourcesDirectory as directory,
} from '../../apt/source-files.ts'
import { defined } from '../../base/defined.ts'
import type { Action } from '../../host/action.ts'
import type { Host, HttpAnswer } from '../../host/host.ts'
import { actions, type Diff, type Plan, refuse } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { contentDiff } from '../support/content-diff.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  /** All source files of apt, by path. */
  readonly files: ReadonlyMap<string, string>
  /** Our key file. */
  readonly key: string | undefined
  /** Whether the directory for keys exists; older releases lack it. */
  readonly keyrings: boolean
  /** The key downloaded from its URL; undefined if it was not needed. */
  readonly fetched: HttpAnswer | undefined
  /** What a container still lacks to download the key. */
  readonly lack: NetworkLack | undefined
  /** The file is up to date, but the package lists are older than it. */
  readonly stale: boolean
}

export const aptRepository = {
  name: 'apt_repository',
  summary: 'Configures an apt repository and its key, and resolves conflicts with other entries for it.',
  args,
  result,
  exitCode: 5,
  probe,
  plan,
  report: (given, seen) => ({
    file: fileOf(given),
    conflicts: conflictsOf(given, seen).map(({ path }) => path),
  }),
} satisfies Module<Args, Seen>

const keyDirectory = '/etc/apt/keyrings'

function fileOf({ name, format }: Args): string {
  return `${directory}/${name}.${format === 'deb822' ? 'sources' : 'list'}`
}

function otherFileOf({ name, format }: Args): string {
  return `${directory}/${name}.${format === 'deb822' ? 'list' : 'sources'}`
}

function keyFileOf({ name }: Args): string {
  return `${keyDirectory}/${name}.asc`
}

async function probe(given: Args, host: Host): Promise<Seen> {
  const [files, key, keyrings] = await Promise.all([
    readSources(host),
    host.text(keyFileOf(given)),
    host.stat(keyDirectory, { follow: true }),
  ])
  const fetches = given.state === 'present' && keySource(given) === 'url' && key === undefined
  const lack = fetches ? await lackFor(given.signed_by ?? '', given.proxy, host) : undefined
  const [fetched, stale] = await Promise.all([
    fetches && lack === undefined
      ? host.http(given.signed_by ?? '', {
          method: 'GET',
          ...defined({ proxy: given.proxy === '' ? undefined : given.proxy }),
        })
      : undefined,
    given.state === 'present' && given.update_cache && files.get(fileOf(given)) === textOf(given)
      ? changedSince([fileOf(given)], { kind: 'everything' }, host)
      : false,
  ])
  return { files, key, keyrings: keyrings !== undefined, fetched, lack, stale }
}

function keySource({ signed_by: given }: Args): 'none' | 'text' | 'url' | 'path' {
  if (given === undefined) return 'none'
  if (/^https?:\/\//.test(given)) return 'url'
  return given.startsWith('/') ? 'path' : 'text'
}

function plan(given: Args, seen: Seen): Plan {
  return given.state === 'absent' ? absent(given, seen) : present(given, seen)
}

function absent(given: Args, { files, key }: Seen): Plan {
  const gone = [fileOf(given), otherFileOf(given)].filter((path) => files.has(path))
  const removals: readonly Action[] = [...gone, ...(key === undefined ? [] : [keyFileOf(given)])].map(
    (path) => ({ kind: 'remove', path }),
  )
  return actions([...removals, given.update_cache && gone.length > 0 ? update(given) : undefined], {
    diffs: gone.map((path) => contentDiff({ title: path, before: files.get(path), after: undefined })),
  })
}

function present(given: Args, seen: Seen): Plan {
  if (seen.lack !== undefined) return waitForNetwork(seen.lack)
  const key = wantedKey(given, seen)
  if (typeof key === 'object') return refuse(key)
  const conflicts = conflictsOf(given, seen)
  if (conflicts.length > 0 && given.conflicts === 'refuse') return refuseConflicts(given, conflicts)
  const file = fileOf(given)
  const text = textOf(given)
  const changes: readonly Change[] = [
    ...(key === undefined || key === seen.key
      ? []
      : [{ before: seen.key, write: writeFile(keyFileOf(given), key) }]),
    ...conflicts.map(({ path, before, entries }) => ({ before, write: disable(path, before, entries) })),
    ...(seen.files.get(file) === text
      ? []
      : [{ before: seen.files.get(file), write: writeFile(file, text) }]),
  ]
  const diffs: readonly Diff[] = changes.map(({ before, write }) =>
    contentDiff({ title: write.path, before, after: write.content.text }),
  )
  const updates = given.update_cache && (changes.length > 0 || seen.stale)
  const makesKey = !seen.keyrings && changes.some(({ write }) => write.path === keyFileOf(given))
  const made: Action | undefined = makesKey
    ? { kind: 'makeDirectory', path: keyDirectory, mode: '0755' }
    : undefined
  return actions([made, ...changes.map(({ write }) => write), updates ? update(given) : undefined], { diffs })
}

interface Change {
  readonly before: string | undefined
  readonly write: WriteText
}

function writeFile(path: string, text: string): WriteText {
  return { kind: 'writeFile', path, content: { kind: 'text', text }, mode: '0644' }
}

function update(given: Args): Action {
  const settings = { lockTimeout: given.lock_timeout, proxy: given.proxy }
  // Its user has just named this repository, so a list that cannot be downloaded is an error.
  return updateLists(settings, { kind: 'everything' })
}

function textOf(given: Args): string {
  return renderSources(entryOf(given), given.format)
}

function entryOf(given: Args): SourceEntry {
  const { types, uris, suites, components, architectures, signed_by: signedBy } = given
  const source = keySource(given)
  return {
    types,
    uris,
    suites,
    components,
    architectures,
    signedBy: source === 'none' ? undefined : source === 'path' ? signedBy : keyFileOf(given),
  }
}

/** The text of our key file; undefined if no file is needed; otherwise a refusal. */
function wantedKey(
  given: Args,
  seen: Seen,
): string | undefined | { readonly code: string; readonly message: string; readonly hint: string } {
  const { signed_by: url = '' } = given
  switch (keySource(given)) {
    case 'none':
    case 'path':
      return undefined
    case 'text':
      return isKey(url)
        ? `${url.trim()}\n`
        : {
            code: 'invalid-argument',
            message: '`signed_by` is not an armored key, a path or a URL',
            hint: 'an armored key begins with -----BEGIN PGP PUBLIC KEY BLOCK-----',
          }
    case 'url': {
      if (seen.key !== undefined) return seen.key
      const { status = 0, error, body = '' } = seen.fetched ?? {}
      if (status === 200 && isKey(body)) return `${body.trim()}\n`
      return {
        code: 'no-key',
        message:
          status === 200
            ? `${url} is not an armored key`
            : `cannot fetch the key ${url}: ${status === 0 ? (error ?? 'no answer') : `status ${status}`}`,
        hint: 'check the URL and the proxy, or set `signed_by` to the armored key itself',
      }
    }
  }
}

function isKey(text: string): boolean {
  return text.trimStart().startsWith('-----BEGIN PGP PUBLIC KEY BLOCK-----')
}

interface Conflict {
  readonly path: string
  readonly before: string
  readonly entries: readonly PlacedEntry[]
}

function conflictsOf(given: Args, { files }: Seen): readonly Conflict[] {
  const own = entryOf(given)
  if (given.state === 'absent') return []
  return [...files].flatMap(([path, before]) => {
    if (path === fileOf(given)) return []
    const entries = entriesOf(path, before).filter(
      (entry) => sameRepository(own, entry) && entry.signedBy !== own.signedBy,
    )
    return entries.length === 0 ? [] : [{ path, before, entries }]
  })
}

function refuseConflicts(given: Args, conflicts: readonly Conflict[]): Plan {
  const paths = conflicts.map(({ path }) => path)
  return refuse({
    code: 'signed-by-conflict',
    message: `the repository ${given.uris.join(' ')} is already configured with another key in ${paths.join(', ')}; with both entries apt fails`,
    hint: '`conflicts: disable` comments those entries out, keeping a backup in /var/lib/gpuplay/v1/backups',
    findings: conflicts.flatMap(({ path, entries }) =>
      entries.map(({ from, signedBy }) => ({
        message: `${path}:${from + 1} has ${signedBy === undefined ? 'no Signed-By' : `Signed-By ${signedBy.split('\n')[0] ?? ''}`}`,
      })),
    ),
  })
}
