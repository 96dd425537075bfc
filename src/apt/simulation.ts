/** Asks apt-get what a change would do, explains its errors, and objects to changes that nobody wants. */
import { globPattern } from '../base/glob.ts'
import type { Host } from '../host/host.ts'
import type { Refusal } from '../host/plan.ts'
import { type AptSimulation, aptSimulation, type SimulatedPackage } from '../host/questions/packages.ts'

export interface Simulation {
  readonly installs: readonly SimulatedPackage[]
  readonly removes: readonly string[]
  /** Packages that no repository offers, although dpkg may know them. */
  readonly unavailable: readonly string[]
  /** The reason why apt refuses. */
  readonly refusal: Refusal | undefined
}

/** What apt-get does with packages; the simulation and the real command share it. */
export interface Operation {
  readonly verb: 'install' | 'remove' | 'purge'
  readonly options: readonly AptOption[]
}

export type AptOption =
  '--install-recommends' | '--no-install-recommends' | '--allow-downgrades' | '--reinstall' | '--auto-remove'

/** @throws UnknownError in a dry run, if an earlier task changes what apt would do; HostError */
export async function simulate(
  { verb, options }: Operation,
  names: readonly string[],
  host: Host,
): Promise<Simulation> {
  return explained(await host.ask(aptSimulation({ options: ['-y', ...options], verb, names })))
}

/**
 * The packages that were installed only for others that are gone (apt-get(8), autoremove).
 * @throws UnknownError, HostError
 */
export async function unneededPackages(host: Host): Promise<Simulation> {
  return explained(await host.ask(aptSimulation({ options: ['-y'], verb: 'autoremove', names: [] })))
}

export function explained({ installs, removes, code, stdout, stderr }: AptSimulation): Simulation {
  const lost = [...stdout.matchAll(/^Reinstallation of (\S+) is not possible/gm)].map(([, name = '']) => name)
  const [first] = lost
  return {
    installs,
    removes,
    unavailable: lost,
    refusal:
      code !== 0 ? explain(stdout, stderr, code) : first === undefined ? undefined : noCandidate(first),
  }
}

/** What a change may do besides what was asked for, and how its module refuses the rest. */
export interface Limits {
  mayRemove(name: string): boolean
  /** Of packages that are not installed yet. */
  mayInstall(name: string): boolean
  refuseRemoval(names: readonly string[]): Refusal
  refuseInstallation(names: readonly string[]): Refusal
}

/** Refuses a simulation that failed, or that does what the limits forbid. */
export function objection({ installs, removes, refusal }: Simulation, limits: Limits): Refusal | undefined {
  if (refusal) return refusal
  const removed = removes.filter((name) => !limits.mayRemove(name))
  if (removed.length > 0) return limits.refuseRemoval(removed)
  const brought = installs.filter(({ name, before }) => before === undefined && !limits.mayInstall(name))
  return brought.length > 0 ? limits.refuseInstallation(brought.map(({ name }) => name)) : undefined
}

/** Ignores Debian's architecture suffix (`libc6:i386`). */
export function globMatches(glob: string, name: string): boolean {
  return globPattern(glob).test(name.replace(/:[a-z0-9]+$/, ''))
}

function explain(stdout: string, stderr: string, code: number): Refusal {
  const conflict = /Conflicting values set for option Signed-By regarding source (\S+) (\S+): (.*)/.exec(
    stderr,
  )
  if (conflict)
    return {
      code: 'signed-by-conflict',
      message: `two entries of the repository ${conflict[1] ?? ''} name different keys, which makes every apt command fail: ${conflict[3] ?? ''}`,
      hint: 'keep one entry in /etc/apt/sources.list.d; `apt_repository` with `conflicts: disable` does that',
    }
  const version = /Version '([^']+)' for '([^']+)' was not found/.exec(stderr)
  if (version)
    return {
      code: 'no-candidate',
      message: `no configured repository offers ${version[2] ?? ''} in version ${version[1] ?? ''}`,
      hint: `\`apt-cache madison ${version[2] ?? ''}\` on the host lists the available versions`,
    }
  const missing =
    /(?:Unable to locate package (\S+)|Package '?([^\s']+)'? has no installation candidate)/.exec(stderr)
  if (missing) return noCandidate(missing[1] ?? missing[2] ?? '')
  if (/Held packages were changed/.test(stderr))
    return {
      code: 'packages-held',
      message: `apt would change packages that are on hold: ${section(stdout, 'The following held packages will be changed') || 'see apt-mark showhold'}`,
      hint: 'release them on the host with `apt-mark unhold`, or remove them from the task',
    }
  if (/unmet dependencies/.test(stdout) || /held broken packages/.test(stderr))
    return {
      code: 'unmet-dependencies',
      message: `apt cannot satisfy the dependencies: ${section(stdout, 'The following packages have unmet dependencies')}`,
      hint: 'a repository is missing or mixed with another release, or a package is on hold (`apt-mark showhold`)',
    }
  if (/Packages were downgraded/.test(stderr))
    return {
      code: 'would-downgrade',
      message: 'apt would replace a newer version with an older one',
      hint: '`allow_downgrade: true` allows this',
    }
  if (/Essential packages were removed/.test(stderr))
    return {
      code: 'apt-would-remove',
      message: 'apt would remove packages that are essential for the system',
    }
  const said = stderr
    .split('\n')
    .filter((line) => line.startsWith('E: '))
    .map((line) => line.slice(3))
    .join('; ')
  return {
    code: 'apt-failed',
    message: `the simulation with apt-get failed: ${said === '' ? `status ${code}` : said}`,
    hint: 'run `apt-get -s install` with these packages on the host to see its full output',
  }
}

export function noCandidate(name: string): Refusal {
  return {
    code: 'no-candidate',
    message: `no configured repository offers the package ${name}`,
    hint: 'check the name, and whether its repository is configured for this release and architecture',
  }
}

/** The indented lines below a heading. */
function section(text: string, heading: string): string {
  const lines = text.split('\n')
  const start = lines.findIndex((line) => line.startsWith(heading))
  if (start < 0) return ''
  const below = lines.slice(start + 1)
  const end = below.findIndex((line) => !/^\s+\S/.test(line))
  return below
    .slice(0, end < 0 ? undefined : end)
    .map((line) => line.trim())
    .join('; ')
}
