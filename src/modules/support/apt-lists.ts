/** apt's package lists: whether they are fresh, and fetching them. Shared by `apt` and `apt_repository`. */
import type { Run } from '../../host/action.ts'
import type { Host } from '../../host/host.ts'
import {
  changedSinceFetch,
  fetchStamp,
  listsFetchedSince,
  listsTouched,
} from '../../host/questions/apt-lists.ts'
import { resource } from '../../host/resource.ts'

/**
 * Whether the lists were updated within so many seconds, by the host's clock, and no source was added or
 * removed since.
 */
export async function fetchedWithin(seconds: number, host: Host): Promise<boolean> {
  const [fetched, touched] = await Promise.all([
    host.ask(listsFetchedSince({ time: `${seconds} seconds ago` })),
    host.ask(listsTouched),
  ])
  return fetched && !touched
}

/**
 * Whether any of these files or directories changed after the lists were updated; true if they never were.
 */
export async function changedSince(paths: readonly string[], host: Host): Promise<boolean> {
  const [fetched, changed] = await Promise.all([
    host.stat(fetchStamp),
    host.ask(changedSinceFetch({ paths })),
  ])
  return fetched === undefined || changed
}

export interface AptOptions {
  /** Seconds to wait for another package manager. */
  readonly lockTimeout: number
  readonly proxy: string
  /** Packages in no list: whether they are available is unknown until the lists are updated. */
  readonly missing?: readonly string[]
}

/**
 * Options of every real apt-get: wait for the lock, never ask, keep the administrator's configuration files.
 */
export function aptOptions({ lockTimeout, proxy }: AptOptions): readonly string[] {
  return [
    '-o',
    `DPkg::Lock::Timeout=${lockTimeout}`,
    ...(proxy === '' ? [] : ['-o', `Acquire::http::Proxy=${proxy}`, '-o', `Acquire::https::Proxy=${proxy}`]),
  ]
}

export const aptEnvironment: Readonly<Record<string, string>> = {
  DEBIAN_FRONTEND: 'noninteractive',
  LC_ALL: 'C',
  // needrestart would restart services without a request.
  NEEDRESTART_SUSPEND: '1',
}

/**
 * Updates the package lists. Fails if any list cannot be downloaded, so that an old list does not count as
 * new.
 */
export function fetchLists(options: AptOptions): Run {
  return {
    kind: 'run',
    argv: [
      'sh',
      '-c',
      // Not with APT::Update::Post-Invoke-Success: apt runs that even if only one of several lists was
      // downloaded.
      `apt-get "$@" && mkdir -p ${fetchStamp.slice(0, fetchStamp.lastIndexOf('/'))} && touch ${fetchStamp}`,
      'sh',
      ...aptOptions(options),
      '-o',
      'APT::Update::Error-Mode=any',
      'update',
    ],
    environment: aptEnvironment,
    timeout: 600,
    lock: { kind: 'dpkg', timeout: options.lockTimeout },
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
      ...(options.missing ?? []).map((name) => ({
        kind: 'unknown' as const,
        resources: [resource('package', name)],
        why: `whether a repository offers ${name} is known only after the package lists are updated`,
      })),
    ],
  }
}
