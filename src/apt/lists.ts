/** apt's package lists: whether they are fresh, and updating them. */
import { raw, sh, type ShellText } from '../base/shell.ts'
import type { Effect, Run } from '../host/action.ts'
import type { Host } from '../host/host.ts'
import {
  attemptStamp,
  changedSinceFetch,
  completeStamp,
  type FetchStamp,
  listsDirectory,
  listsFetchedSince,
  listsTouched,
  stampDirectory,
} from '../host/questions/apt-lists.ts'
import { resource } from '../host/resource.ts'
import { aptGetUpdate, type AptSettings } from './apt-get.ts'
import { mainSources, sourcesDirectory } from './source-files.ts'

/**
 * What the lists are needed for. `everything`: a list that cannot be downloaded fails the update, which names
 * its repository. Otherwise the lists of other repositories may fail: a container with a broken foreign
 * repository still gets its packages.
 */
export type Purpose =
  | { readonly kind: 'everything' }
  | { readonly kind: 'packages'; readonly names: readonly string[] }
  | { readonly kind: 'repository'; readonly url: string }

/**
 * Whether the lists were updated within so many seconds, by the host's clock, and no list was added or
 * removed since.
 */
export async function fetchedWithin(seconds: number, { kind }: Purpose, host: Host): Promise<boolean> {
  const fresh = await Promise.all(
    stampsFor(kind).map(async (stamp) => {
      const [fetched, touched] = await Promise.all([
        host.ask(listsFetchedSince({ stamp, time: `${seconds} seconds ago` })),
        host.ask(listsTouched({ stamp })),
      ])
      return fetched && !touched
    }),
  )
  return fresh.includes(true)
}

/**
 * Whether any of these files or directories changed after the lists were updated; true if they never were.
 */
export async function changedSince(
  paths: readonly string[],
  { kind }: Purpose,
  host: Host,
): Promise<boolean> {
  const newer = await Promise.all(
    stampsFor(kind).map(async (stamp) => {
      const [fetched, changed] = await Promise.all([
        host.stat(stamp),
        host.ask(changedSinceFetch({ paths, stamp })),
      ])
      return fetched === undefined || changed
    }),
  )
  return newer.every((yes) => yes)
}

function stampsFor(kind: Purpose['kind']): readonly FetchStamp[] {
  return kind === 'everything' ? [completeStamp] : [completeStamp, attemptStamp]
}

/**
 * Whether updating the lists could offer a package that is in none of them; not if they were just updated.
 */
export async function canHelp(purpose: Purpose, host: Host): Promise<boolean> {
  const [recent, changed] = await Promise.all([
    fetchedWithin(300, purpose, host),
    changedSince([mainSources, sourcesDirectory], purpose, host),
  ])
  return !recent || changed
}

/** Updates the package lists. An old list never counts as new: apt's status alone does not say this. */
export function updateLists(
  settings: AptSettings,
  purpose: Purpose,
  /** Packages in no list: whether they are available is unknown until the lists are updated. */
  missing: readonly string[] = [],
): Run {
  // Not with APT::Update::Post-Invoke-Success: apt runs that even if only one of several lists was
  // downloaded.
  const script = sh`gp_patiently apt-get "$@"; status=$?
mkdir -p ${stampDirectory} || exit
if [ $status -eq 0 ]; then exec touch ${completeStamp}; fi
[ $status -eq 100 ] || exit $status
${raw(servedBy(purpose))} || exit $status
touch ${attemptStamp}`
  return aptGetUpdate(script, settings, {
    label: 'update the package lists',
    hint:
      'a repository did not answer as it should: see its name above, then fix it, disable it, or wait; ' +
      'enterprise repositories answer 401 without a subscription',
    effects: [
      {
        kind: 'unknown',
        resources: ['file:/var/lib/apt/*'],
        why: 'an earlier action updates the package lists',
      },
      ...missing.map((name): Effect => ({
        kind: 'unknown',
        resources: [resource('package', name)],
        why: `whether a repository offers ${name} is known only after the package lists are updated`,
      })),
    ],
  })
}

/** A command that succeeds if the lists that the purpose needs are there. */
function servedBy(purpose: Purpose): ShellText {
  switch (purpose.kind) {
    case 'everything':
      return sh`false`
    case 'packages':
      return purpose.names
        .map((name) => sh`apt-cache show ${name} >/dev/null 2>&1`)
        .reduce((before, one) => sh`${raw(before)} && ${raw(one)}`, sh`true`)
    case 'repository':
      return sh`ls ${listsDirectory}/${listPrefix(purpose.url)}*_Packages* >/dev/null 2>&1`
  }
}

/** apt's names for the lists of a repository begin with its address: `_` for `/`, and `%5f` for `_`. */
function listPrefix(url: string): string {
  return url
    .replace(/^https?:\/\//, '')
    .replaceAll('_', '%5f')
    .replaceAll('/', '_')
}
