/** Reads package states, the offers of the repositories, and apt-get's simulation. */
import { isUnknown, knownOr, type Unknown, UnknownError } from '../../base/unknown.ts'
import type { Host, PackageStatus } from '../../host/host.ts'
import { aptSimulation, packageCandidates, packageStates } from '../../host/questions/packages.ts'
import { changedSince, fetchedWithin } from '../support/apt-lists.ts'
import type { Args } from './args.ts'
import { explained, type Simulation } from './simulation.ts'

export interface Seen {
  readonly packages: ReadonlyMap<string, PackageStatus>
  /** Undefined if there is nothing to do. */
  readonly work: Work | undefined
}

export interface Work {
  /** Packages to install or remove, in apt-get's form. */
  readonly names: readonly string[]
  /** Packages that an interrupted run left half installed. */
  readonly interrupted: readonly HalfDone[]
  /** The package lists must be updated first. */
  readonly fetch: boolean
  /** Requested, but offered by no repository. */
  readonly missing: readonly string[]
  /** Why a dry run cannot know whether the packages are installed or available. */
  readonly doubt?: Unknown
  /**
   * Unknown if an earlier task of a dry run changes its inputs; undefined if there is nothing to simulate
   * yet.
   */
  readonly simulation: Simulation | Unknown | undefined
}

export interface HalfDone {
  readonly name: string
  readonly version: string
}

interface Target {
  /** The name in the task. */
  readonly given: string
  readonly name: string
  readonly version: string | undefined
}

/** The packages that a task names. */
export function targetsOf({ name }: Args): readonly Target[] {
  const list = typeof name === 'string' ? [name] : name
  return list.map((given) => {
    const [plain = given, version] = given.split('=', 2)
    return { given, name: plain, version }
  })
}

/** Reads the packages. If a change is due, also simulates it. */
export async function probe(given: Args, host: Host): Promise<Seen> {
  const targets = targetsOf(given)
  const statuses = await Promise.all(
    targets.map(async ({ name }) => [name, await host.maybe(host.package(name))] as const),
  )
  const packages = new Map(
    statuses.flatMap(([name, status]) => (isUnknown(status) ? [] : [[name, status] as const])),
  )
  const doubt = statuses.map(([, status]) => status).find(isUnknown)
  if (doubt !== undefined) return { packages, work: doubtful(given, targets, { packages, doubt }) }
  const due = targets.filter((target) => isDue(given, target, packages.get(target.name)))
  const maybeDue = given.state === 'latest' ? targets : due
  if (maybeDue.length === 0 && (targets.length > 0 || !given.update_cache))
    return { packages, work: undefined }
  return { packages, work: await probeWork(given, maybeDue, { packages, host }) }
}

/** All changes that may be due; a package of unknown state counts as due. */
function doubtful(
  given: Args,
  targets: readonly Target[],
  { packages, doubt }: { readonly packages: Seen['packages']; readonly doubt: Unknown },
): Work {
  const due = targets.filter((target) => {
    const status = packages.get(target.name)
    return status === undefined || isDue(given, target, status)
  })
  const names = due.map((target) => target.given)
  return { names, interrupted: [], fetch: false, missing: [], doubt, simulation: undefined }
}

/** Whether a change is due regardless of the repositories. */
function isDue(given: Args, { version }: Target, status: PackageStatus | undefined): boolean {
  const { installed, status: word } = status ?? { installed: undefined, status: 'not-installed' }
  if (given.state === 'absent') return installed !== undefined || (given.purge && word === 'config-files')
  return installed === undefined || (version !== undefined && version !== installed) || halfDone.has(word)
}

/**
 * dpkg(1), package states: those that `dpkg --configure -a` finishes, and those that need a reinstallation.
 */
const unfinished = new Set(['half-configured', 'unpacked', 'triggers-awaited', 'triggers-pending'])
const halfDone = new Set(['half-installed', 'half-configured', 'unpacked'])

interface Context {
  readonly packages: ReadonlyMap<string, PackageStatus>
  readonly host: Host
}

async function probeWork(
  given: Args,
  targets: readonly Target[],
  { packages, host }: Context,
): Promise<Work> {
  const removing = given.state === 'absent'
  const [interrupted, candidates, old] = await Promise.all([
    interruptedPackages(host),
    removing || targets.length === 0 ? undefined : candidatesOf(targets, host),
    given.update_cache && !removing ? host.maybe(isOld(given, host)) : undefined,
  ])
  if (
    isUnknown(candidates) &&
    given.state === 'latest' &&
    targets.every(({ name }) => packages.get(name)?.installed !== undefined)
  )
    throw new UnknownError(candidates)
  const offered = knownOr(candidates, undefined)
  const due = targets.filter((target) => {
    const status = packages.get(target.name)
    const candidate = offered?.get(target.name)
    return (
      isDue(given, target, status) ||
      (given.state === 'latest' && candidate !== undefined && candidate !== status?.installed)
    )
  })
  const missing =
    offered === undefined
      ? []
      : due.filter(({ name }) => offered.get(name) === undefined).map(({ name }) => name)
  const names = due.map((target) => target.given)
  const fetch = knownOr(old, false) === true || (missing.length > 0 && (await canHelp(host)))
  const simulates = names.length > 0 && interrupted.length === 0 && !fetch && missing.length === 0
  return {
    names,
    interrupted,
    fetch,
    missing,
    simulation: simulates ? await host.maybe(simulate(given, names, host)) : undefined,
  }
}

/**
 * Packages left by an interrupted dpkg. A dry run that cannot know assumes that its earlier tasks succeed.
 */
async function interruptedPackages(host: Host): Promise<readonly HalfDone[]> {
  const asked = await host.maybe(host.ask(packageStates({ patterns: [] })))
  return knownOr(asked, []).filter(({ status }) => unfinished.has(status))
}

async function candidatesOf(
  targets: readonly Target[],
  host: Host,
): Promise<ReadonlyMap<string, string | undefined> | Unknown> {
  const names = targets.map(({ name }) => name)
  return host.maybe(host.ask(packageCandidates({ names })))
}

const sources = ['/etc/apt/sources.list', '/etc/apt/sources.list.d']

async function isOld({ cache_valid_time: seconds }: Args, host: Host): Promise<boolean> {
  return !(await fetchedWithin(seconds, host))
}

/**
 * Whether updating the lists could offer a package that is in none of them; not if they were just updated.
 */
async function canHelp(host: Host): Promise<boolean> {
  const asked = await host.maybe(Promise.all([fetchedWithin(300, host), changedSince(sources, host)]))
  if (isUnknown(asked)) return false
  const [recent, changed] = asked
  return !recent || changed
}

async function simulate(given: Args, names: readonly string[], host: Host): Promise<Simulation> {
  const { options, verb } = changing(given)
  return explained(await host.ask(aptSimulation({ options: ['-y', ...options], verb, names })))
}

interface Changing {
  readonly options: readonly ('--install-recommends' | '--no-install-recommends' | '--allow-downgrades')[]
  readonly verb: 'install' | 'remove' | 'purge'
}

/** The options that the simulation and the real command share. */
export function changing(given: Args): Changing {
  if (given.state === 'absent') return { options: [], verb: given.purge ? 'purge' : 'remove' }
  const recommends = given.install_recommends
  return {
    options: [
      ...(recommends === undefined
        ? []
        : ([recommends ? '--install-recommends' : '--no-install-recommends'] as const)),
      ...(given.allow_downgrade ? (['--allow-downgrades'] as const) : []),
    ],
    verb: 'install',
  }
}
