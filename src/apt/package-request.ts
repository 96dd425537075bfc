/** What a module wants of apt, as data: `work.ts` asks about it, `change.ts` plans it. */
import { isUnknown, knownOr, type Unknown } from '../base/unknown.ts'
import type { Effect } from '../host/action.ts'
import type { Host } from '../host/host.ts'
import type { Refusal } from '../host/plan.ts'
import { packageCandidates, type PackageRow, packageStates } from '../host/questions/packages.ts'
import type { AptSettings } from './apt-get.ts'
import { canHelp, fetchedWithin, type Purpose } from './lists.ts'
import { type NetworkLack, lackForApt } from './network.ts'
import { type Limits, type Operation, simulate, type Simulation } from './simulation.ts'

export interface PackageRequest extends Operation {
  readonly settings: AptSettings
  /** What the lists are updated for. */
  readonly purpose: Purpose
  /** Update lists older than so many seconds. Default: only if no list has a package. */
  readonly maxAge?: number
  readonly limits: Limits
  /** Default: names the first of them. */
  refuseMissing?(names: readonly string[]): Refusal
  /**
   * The effects of the packages' contents, if the module knows them. Then nothing else changes that a task
   * reads, and a dry run that cannot simulate assumes that apt offers the packages and changes no others.
   * Default: absent files, programs and units may appear, and such a dry run knows no package afterwards.
   */
  readonly contents?: readonly Effect[]
  /** Seconds for apt-get; default 3600. */
  readonly timeout?: number
  /** Default: `install jq`. */
  readonly label?: string
  /** A program that runs apt-get, with its own words: it decides what happens after a failure. */
  readonly through?: readonly string[]
}

/** The packages of a request. */
export interface Targets {
  readonly targets: readonly PackageTarget[]
  /** Whether a target has work to do, given its candidate. Default: yes. */
  readonly isDue?: (target: PackageTarget, candidate: string | undefined) => boolean
}

export interface PackageTarget {
  /** As apt-get takes it: `name`, `name=version`, or the path of a package file. */
  readonly given: string
  readonly name: string
  readonly version: string | undefined
}

export function targetOf(given: string): PackageTarget {
  const [name = given, version] = given.split('=', 2)
  return { given, name, version }
}

/** apt-get(8), install: a name with a slash is the path of a file. */
export function isPackageFile(given: string): boolean {
  return given.startsWith('/')
}

/** The state of a request on a host. */
export interface Work {
  /** Packages to install or remove, in apt-get's form. */
  readonly names: readonly string[]
  /** Packages that an interrupted run left half installed. */
  readonly interrupted: readonly HalfDone[]
  /** The package lists must be updated first. */
  readonly fetch: boolean
  /** What a container still lacks to download; undefined if nothing. */
  readonly lack: NetworkLack | undefined
  /** Requested, but offered by no repository. */
  readonly missing: readonly string[]
  /** The candidates; undefined if the request has no use for them. */
  readonly offered: ReadonlyMap<string, string | undefined> | Unknown | undefined
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

/** Reads what the request needs, and simulates it if nothing has to come first. @throws HostError */
export async function readWork(
  request: PackageRequest,
  { targets, isDue = () => true }: Targets,
  host: Host,
): Promise<Work> {
  const { verb, purpose, maxAge } = request
  const listed = targets.filter((target) => !isPackageFile(target.given))
  const [interrupted, offered, fresh] = await Promise.all([
    interruptedPackages(request, targets, host),
    verb === 'install' && listed.length > 0
      ? host.maybe(host.ask(packageCandidates({ names: listed.map(({ name }) => name) })))
      : undefined,
    maxAge === undefined ? true : host.maybe(fetchedWithin(maxAge, purpose, host)),
  ])
  const candidates = knownOr(offered, undefined)
  const due = targets.filter((target) => isDue(target, candidates?.get(target.name)))
  const names = due.map((target) => target.given)
  const unlisted =
    candidates === undefined
      ? []
      : due.filter(({ given, name }) => !isPackageFile(given) && candidates.get(name) === undefined)
  const old = !knownOr(fresh, true)
  const simulates = names.length > 0 && interrupted.length === 0 && !old && unlisted.length === 0
  const [simulation, lack] = await Promise.all([
    simulates ? host.maybe(simulate(request, names, host)) : undefined,
    verb === 'install' && (names.length > 0 || old)
      ? host.maybe(lackForApt(host, fetching(request)))
      : undefined,
  ])
  const missing = [
    ...unlisted.map(({ name }) => name),
    ...(simulation === undefined || isUnknown(simulation) ? [] : simulation.unavailable),
  ]
  const fetch = old || (missing.length > 0 && knownOr(await host.maybe(canHelp(purpose, host)), false))
  return { names, interrupted, fetch, lack: knownOr(lack, undefined), missing, offered, simulation }
}

function fetching({ settings, purpose }: PackageRequest): Parameters<typeof lackForApt>[1] {
  const { proxy } = settings
  return purpose.kind === 'repository' ? { proxy, url: purpose.url } : { proxy }
}

/**
 * dpkg(1), package states that `dpkg --configure -a` finishes. A dry run that cannot know assumes that its
 * earlier tasks succeed.
 */
async function interruptedPackages(
  { verb }: PackageRequest,
  targets: readonly PackageTarget[],
  host: Host,
): Promise<readonly HalfDone[]> {
  const asked = await host.maybe(host.ask(packageStates({ patterns: [] })))
  // A package that goes, or is replaced by another version, need not be configured first: a failed configuration
  // is often the reason.
  const leaves = (row: PackageRow): boolean =>
    targets.some(
      ({ name, version }) =>
        name === row.name && (verb !== 'install' || (version !== undefined && version !== row.version)),
    )
  return knownOr(asked, []).filter((row) => unfinished.has(row.status) && !leaves(row))
}

const unfinished = new Set(['half-configured', 'unpacked', 'triggers-awaited', 'triggers-pending'])
