/** Reads package states, and the work that apt has with them. */
import { isUnknown, type Unknown, UnknownError } from '../../base/unknown.ts'
import {
  type PackageRequest,
  readWork,
  type PackageTarget,
  targetOf,
  type Work,
} from '../../apt/package-request.ts'
import { globMatches, simulate, unneededPackages } from '../../apt/simulation.ts'
import { some } from '../../apt/change.ts'
import type { Host, PackageStatus } from '../../host/host.ts'
import { defined } from '../../base/defined.ts'
import type { Args } from './args.ts'
import { readPackageFile, type SeenPackageFile } from './package-file.ts'

export interface Seen {
  readonly packages: ReadonlyMap<string, PackageStatus>
  /** Undefined if there is nothing to do. */
  readonly work: Work | undefined
  /** Optional packages that no repository offers. */
  readonly skipped?: readonly string[]
  /** Why a dry run cannot know whether the packages are installed or available. */
  readonly doubt?: Unknown
  /** The file of `deb`, unless its package is among the targets. */
  readonly file?: Exclude<SeenPackageFile, { readonly kind: 'package' }>
  /** With `autoremove`: the packages that none needs any more. */
  readonly unneeded?: readonly string[]
  /** `autoremove` is all that is left to do. */
  readonly sweeps?: boolean
}

/** The packages that a task names. */
function targetsOf({ name }: Args): readonly PackageTarget[] {
  return (typeof name === 'string' ? [name] : name).map(targetOf)
}

/** Reads the packages. If a change is due, also simulates it. */
export async function probe(given: Args, host: Host): Promise<Seen> {
  const file = given.deb === undefined ? undefined : await readPackageFile(given, given.deb, host)
  if (file?.kind === 'unknown') {
    const work = workWith([file.path])
    return { packages: new Map(), work, doubt: file.why, file }
  }
  if (file !== undefined && file.kind !== 'package') return { packages: new Map(), work: undefined, file }
  const seen = await probeTargets(given, file === undefined ? targetsOf(given) : [file.target], host)
  return given.autoremove ? withUnneeded(given, seen, host) : seen
}

/**
 * Adds the packages that none needs any more. `--auto-remove` also removes those that were unneeded before, so
 * nothing is left afterwards.
 */
async function withUnneeded(given: Args, seen: Seen, host: Host): Promise<Seen> {
  const { work } = seen
  const idle = work === undefined || (work.names.length === 0 && !work.fetch)
  if (idle) {
    const { removes: unneeded, refusal } = await unneededPackages(host)
    if (refusal !== undefined || unneeded.length === 0) return { ...seen, unneeded }
    const targets = unneeded.map(targetOf)
    return {
      ...seen,
      unneeded,
      sweeps: true,
      work: await readWork(sweepOf(given, unneeded), { targets }, host),
    }
  }
  const { simulation } = work
  if (simulation === undefined || isUnknown(simulation) || simulation.refusal !== undefined) return seen
  const { verb, options } = requestOf(given)
  const alone = { verb, options: options.filter((option) => option !== '--auto-remove') }
  const kept = await simulate(alone, work.names, host)
  return { ...seen, unneeded: simulation.removes.filter((name) => !kept.removes.includes(name)) }
}

async function probeTargets(given: Args, targets: readonly PackageTarget[], host: Host): Promise<Seen> {
  const statuses = await Promise.all(
    targets.map(async ({ name }) => [name, await host.maybe(host.package(name))] as const),
  )
  const packages = new Map(
    statuses.flatMap(([name, status]) => (isUnknown(status) ? [] : [[name, status] as const])),
  )
  const doubt = statuses.map(([, status]) => status).find(isUnknown)
  if (doubt !== undefined && given.optional) throw new UnknownError(doubt)
  if (doubt !== undefined) return { packages, work: doubtful(given, targets, packages), doubt }
  const due = targets.filter((target) => isDue(given, target, packages.get(target.name)))
  const maybeDue = given.state === 'latest' ? targets : due
  if (maybeDue.length === 0 && (targets.length > 0 || !given.update_cache))
    return { packages, work: undefined }
  const isDueNow = (target: PackageTarget, candidate: string | undefined): boolean => {
    const status = packages.get(target.name)
    if (isDue(given, target, status)) return true
    return given.state === 'latest' && candidate !== undefined && candidate !== status?.installed
  }
  const work = await readWork(requestOf(given), { targets: maybeDue, isDue: isDueNow }, host)
  if (given.optional && work.missing.length > 0 && !work.fetch) {
    const offered = maybeDue.filter(({ name }) => !work.missing.includes(name))
    const possible = await readWork(requestOf(given), { targets: offered, isDue: isDueNow }, host)
    return { packages, work: possible, skipped: work.missing }
  }
  const depends = given.optional || (given.state === 'latest' && work.names.length === 0)
  if (depends && isUnknown(work.offered)) throw new UnknownError(work.offered)
  return { packages, work }
}

/** All changes that may be due; a package of unknown state counts as due. */
function doubtful(given: Args, targets: readonly PackageTarget[], packages: Seen['packages']): Work {
  const due = targets.filter((target) => {
    const status = packages.get(target.name)
    return status === undefined || isDue(given, target, status)
  })
  return workWith(due.map((target) => target.given))
}

/** Work about which a dry run cannot ask. */
function workWith(names: readonly string[]): Work {
  return {
    names,
    interrupted: [],
    fetch: false,
    lack: undefined,
    missing: [],
    offered: undefined,
    simulation: undefined,
  }
}

/** Whether a change is due regardless of the repositories. */
function isDue(given: Args, { version }: PackageTarget, status: PackageStatus | undefined): boolean {
  const { installed, status: word } = status ?? { installed: undefined, status: 'not-installed' }
  if (given.state === 'absent') return installed !== undefined || (given.purge && word === 'config-files')
  return installed === undefined || (version !== undefined && version !== installed) || halfDone.has(word)
}

/** dpkg(1), package states that need a reinstallation, or `dpkg --configure`. */
const halfDone = new Set(['half-installed', 'half-configured', 'unpacked'])

/** How apt must remove packages that none needs any more. */
export function sweepOf(given: Args, unneeded: readonly string[]): PackageRequest {
  const request = requestOf({ ...given, name: [], state: 'absent', autoremove: false }, unneeded)
  return { ...request, label: `remove what no package needs any more: ${some(unneeded)}` }
}

/**
 * How apt must carry out the task.
 * @param unneeded packages that may be removed because none needs them any more
 */
export function requestOf(given: Args, unneeded: readonly string[] = []): PackageRequest {
  const removing = given.state === 'absent'
  const recommends = given.install_recommends
  const allowed = [...given.allow_remove, ...(removing ? targetsOf(given).map(({ name }) => name) : [])]
  const sweeping = given.autoremove ? (['--auto-remove'] as const) : []
  return {
    verb: removing ? (given.purge ? 'purge' : 'remove') : 'install',
    options: removing
      ? sweeping
      : [
          ...sweeping,
          ...(recommends === undefined
            ? []
            : ([recommends ? '--install-recommends' : '--no-install-recommends'] as const)),
          ...(given.allow_downgrade ? (['--allow-downgrades'] as const) : []),
        ],
    settings: { lockTimeout: given.lock_timeout, proxy: given.proxy },
    purpose: { kind: 'everything' },
    ...defined({ maxAge: given.update_cache && !removing ? given.cache_valid_time : undefined }),
    limits: {
      mayRemove: (name) => unneeded.includes(name) || allowed.some((glob) => globMatches(glob, name)),
      mayInstall: (name) => !given.forbid.some((glob) => globMatches(glob, name)),
      refuseRemoval: (names) => ({
        code: 'apt-would-remove',
        message: `apt would also remove ${some(names)}`,
        hint: 'to allow this, list them in `allow_remove`',
      }),
      refuseInstallation: (names) => ({
        code: 'apt-forbidden',
        message: `apt would install ${some(names)}, which \`forbid\` lists`,
        hint: 'choose packages that do not depend on them, or try `install_recommends: false`',
      }),
    },
  }
}
