/**
 * Brings the driver's packages of a node or a container to one version, and pins them to it: what is due, what no
 * repository offers, and the plan. The modules differ in their packages, limits and advice.
 */
import { planChange } from '../apt/change.ts'
import { type PackageRequest, readWork, targetOf, type Work } from '../apt/package-request.ts'
import { isUnknown, knownOr } from '../base/unknown.ts'
import type { Action } from '../host/action.ts'
import type { Host } from '../host/host.ts'
import { actions, type Diff, done, type Plan, type Refusal, refuse } from '../host/plan.ts'
import { type PackageRow, packageVersions } from '../host/questions/packages.ts'
import { listsMaxAge } from './package-requests.ts'
import { packagesPin, packagesPinFile, upstreamVersion } from './packaged-driver.ts'

export interface WantedPackages {
  readonly version: string
  /** Packages of the driver itself, as `packagedDriver` finds them. */
  readonly installed: readonly PackageRow[]
  /** Packages to add. Each entry lists the names of one package in different archives. */
  readonly missing: readonly (readonly string[])[]
  /** Install the packages again that have the version already, because files of them are gone. */
  readonly again?: boolean
}

export interface PackagedVersion {
  /** Installed packages of the driver itself. */
  readonly installed: readonly PackageRow[]
  /** Text of the pin. */
  readonly pin: string | undefined
  /** Required, but not offered in the version; with the versions that are offered. */
  readonly lacking: ReadonlyMap<string, readonly string[]>
  /** What apt would do; undefined if nothing is due or lacking. */
  readonly work: Work | undefined
}

/**
 * @param request With `maxAge`, the package lists are updated if they are older; that can help only if a version is
 * lacking.
 * @throws UnknownError, HostError
 */
export async function readPackagedVersion(
  { version, installed, missing, again = false }: WantedPackages,
  request: (maxAge: number | undefined) => PackageRequest,
  host: Host,
): Promise<PackagedVersion> {
  const pin = await host.text(packagesPinFile)
  const other = installed.filter((row) => upstreamVersion(row.version) !== version)
  // Those that dpkg has not configured are finished, or replaced, first.
  const kept = installed.filter((row) => !other.includes(row) && (again || row.status !== 'installed'))
  const groups = [...other.map(({ name }) => [name]), ...missing]
  const none = { installed, pin, lacking: new Map<string, readonly string[]>(), work: undefined }
  if (groups.length === 0 && kept.length === 0) return none
  const asked =
    groups.length === 0
      ? new Map<string, readonly string[]>()
      : await host.maybe(host.ask(packageVersions({ names: groups.flat() })))
  const offers = groups.map((group) => offerOf(group, version, knownOr(asked, new Map())))
  // A dry run that cannot ask assumes that the version is offered.
  const found = offers.flatMap((offer) => (isUnknown(asked) ? offer.name : (offer.found ?? [])))
  const lacking = isUnknown(asked) ? [] : offers.filter((offer) => offer.found === undefined)
  const targets = [...found, ...kept.map((row) => `${row.name}=${row.version}`)].map(targetOf)
  const work = await readWork(request(lacking.length > 0 ? listsMaxAge : undefined), { targets }, host)
  return { ...none, lacking: new Map(lacking.map(({ name, others }) => [name, others])), work }
}

interface Offer {
  /** The usual name of the package. */
  readonly name: string
  /** `name=version`; undefined if the version is not offered. */
  readonly found: string | undefined
  readonly others: readonly string[]
}

/** `group`: names of one package in different archives. */
function offerOf(
  group: readonly string[],
  wanted: string,
  offered: ReadonlyMap<string, readonly string[]>,
): Offer {
  const all = group.flatMap((name) => (offered.get(name) ?? []).map((version) => ({ name, version })))
  const found = all.find(({ version }) => upstreamVersion(version) === wanted)
  return {
    name: group[0] ?? '',
    found: found && `${found.name}=${found.version}`,
    others: all.map(({ version }) => version),
  }
}

/** What to do if the version is not offered. */
export interface Advice {
  /** `offered`: versions of the driver, newest first. */
  others(offered: readonly string[]): string
  /** If the repositories offer none at all. */
  readonly none: string
}

interface PlanOptions {
  readonly version: string
  readonly advice: Advice
  /** Otherwise, only the pin is written. */
  readonly install: boolean
}

/** The plan; a stage means that it is made again. */
export function planPackagedVersion(
  request: PackageRequest,
  { installed, pin, lacking, work }: PackagedVersion,
  { version, advice, install }: PlanOptions,
): Plan {
  const problem = notOffered(version, lacking, advice)
  if (work?.fetch === true && ![...lacking.values()].some((versions) => versions.length > 0))
    return planChange(request, work, { warnings: problem ? [problem.message] : [] }) ?? done()
  if (problem) return refuse(problem)
  const wanted = packagesPin(version)
  const pinning = pin === wanted ? [] : [pinAction(version, wanted)]
  const diffs: readonly Diff[] =
    pinning.length === 0 ? [] : [{ title: packagesPinFile, before: pin ?? '', after: wanted }]
  const versions = new Map(installed.map((row) => [row.name, row.version]))
  const change = work && planChange(request, work, { installed: versions })
  if (change === undefined || (!install && change.refusal === undefined))
    return pinning.length > 0 ? actions(pinning, { diffs }) : done()
  // Only with the pin does apt choose this version for packages that are not installed yet.
  if (change.refusal !== undefined && pinBlocks.includes(change.refusal.code) && pinning.length > 0)
    return actions(pinning, { diffs, stage: 'pin the driver packages' })
  if (change.refusal) return change
  return { ...change, actions: [...pinning, ...change.actions], diffs: [...diffs, ...change.diffs] }
}

/** Refusals whose cause may be another pin, or none. */
const pinBlocks = ['unmet-dependencies', 'no-candidate']

function pinAction(version: string, text: string): Action {
  return {
    kind: 'writeFile',
    path: packagesPinFile,
    content: { kind: 'text', text },
    mode: '0644',
    label: `pin the driver packages to ${version}`,
  }
}

function notOffered(
  version: string,
  lacking: PackagedVersion['lacking'],
  advice: Advice,
): Refusal | undefined {
  const [first] = lacking
  if (first === undefined) return undefined
  const [name, versions] = first
  const others = [...new Set(versions.map(upstreamVersion))]
  return {
    code: 'version-not-offered',
    message: `no configured repository offers ${name} in version ${version}`,
    hint: others.length > 0 ? advice.others(others) : advice.none,
  }
}
