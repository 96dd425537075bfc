/**
 * Packages of Debian and its like. In stages: finish what was interrupted, fetch the lists where that is needed, simulate, act.
 *
 * Nothing is removed that was not named and nothing comes in that was forbidden: the simulation says so before, and apt-get is told again.
 */
import { isUnknown, knownOr, type Unknown, UnknownError } from '../../base/unknown.ts'
import { createHash } from 'node:crypto'
import type { Action, Effect, Run } from '../../host/action.ts'
import type { Host, PackageStatus } from '../../host/host.ts'
import { actions, type Diff, done, type Plan, type Refusal, refuse } from '../../host/plan.ts'
import { unknownVersion } from '../../host/resources/package.ts'
import type { Module } from '../module.ts'
import {
  aptEnvironment,
  aptOptions,
  changedSinceFetch,
  fetchedWithin,
  fetchLists,
} from '../support/apt-lists.ts'
import { args, type Args, result } from './args.ts'
import { noCandidate, parsePolicy, parseSimulation, type Simulation } from './simulation.ts'

export interface Seen {
  readonly packages: ReadonlyMap<string, PackageStatus>
  /** undefined: there is nothing to do. */
  readonly work: Work | undefined
}

export interface Work {
  /** What is to be installed or removed, as apt-get takes it. */
  readonly names: readonly string[]
  /** Packages that an interrupted run left half done. */
  readonly interrupted: readonly HalfDone[]
  /** The lists are to be fetched first. */
  readonly fetch: boolean
  /** Asked for and offered by no repository. */
  readonly missing: readonly string[]
  /** Unknown where an earlier task of a dry run changes what it rests on; undefined where there is nothing to simulate yet. */
  readonly simulation: Simulation | Unknown | undefined
}

export const apt = {
  name: 'apt',
  summary: 'Installs, upgrades or removes packages, and refuses what would remove or bring in others.',
  args,
  result,
  freeForm: 'name',
  exitCode: 5,
  probe,
  plan,
  report: (_, { packages }) => ({
    versions: Object.fromEntries(
      [...packages].flatMap(([name, { installed }]) => (installed === undefined ? [] : [[name, installed]])),
    ),
  }),
} satisfies Module<Args, Seen>

export interface HalfDone {
  readonly name: string
  readonly version: string
}

interface Target {
  /** As the task names it. */
  readonly given: string
  readonly name: string
  readonly version: string | undefined
}

function targetsOf({ name }: Args): readonly Target[] {
  const list = typeof name === 'string' ? [name] : name
  return list.map((given) => {
    const [plain = given, version] = given.split('=', 2)
    return { given, name: plain, version }
  })
}

async function probe(given: Args, host: Host): Promise<Seen> {
  const targets = targetsOf(given)
  const statuses = await Promise.all(
    targets.map(async ({ name }) => [name, await host.package(name)] as const),
  )
  const packages = new Map(statuses)
  const due = targets.filter((target) => isDue(given, target, packages.get(target.name)))
  const maybeDue = given.state === 'latest' ? targets : due
  if (maybeDue.length === 0 && (targets.length > 0 || !given.update_cache))
    return { packages, work: undefined }
  return { packages, work: await probeWork(given, maybeDue, { packages, host }) }
}

/** Whether something is to be done whatever the repositories offer. */
function isDue(given: Args, { version }: Target, status: PackageStatus | undefined): boolean {
  const { installed, status: word } = status ?? { installed: undefined, status: 'not-installed' }
  if (given.state === 'absent') return installed !== undefined || (given.purge && word === 'config-files')
  return installed === undefined || (version !== undefined && version !== installed) || halfDone.has(word)
}

/** dpkg(1), package states: what `dpkg --configure -a` goes on with, and what has to be installed again. */
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

/** What an interrupted dpkg left. A dry run that cannot know takes it that its own earlier tasks end well. */
async function interruptedPackages(host: Host): Promise<readonly HalfDone[]> {
  const asked = await host.maybe(
    host.ask(['dpkg-query', '-W', '-f', '${db:Status-Status} ${Package} ${Version}\\n']),
  )
  if (isUnknown(asked)) return []
  return asked.stdout.split('\n').flatMap((line) => {
    const [status = '', name = '', version = ''] = line.split(' ')
    return unfinished.has(status) ? [{ name, version }] : []
  })
}

async function candidatesOf(
  targets: readonly Target[],
  host: Host,
): Promise<ReadonlyMap<string, string | undefined> | Unknown> {
  const names = targets.map(({ name }) => name)
  return host.maybe(
    host
      .ask(['apt-cache', 'policy', ...names], { environment: { LC_ALL: 'C' } })
      .then(({ stdout }) => parsePolicy(stdout)),
  )
}

const sources = ['/etc/apt/sources.list', '/etc/apt/sources.list.d']

async function isOld({ cache_valid_time: seconds }: Args, host: Host): Promise<boolean> {
  return !(await fetchedWithin(seconds, host))
}

/** Whether fetching the lists could bring a package that is in none of them: not when that was done a moment ago. */
async function canHelp(host: Host): Promise<boolean> {
  const asked = await host.maybe(Promise.all([fetchedWithin(300, host), changedSinceFetch(sources, host)]))
  if (isUnknown(asked)) return false
  const [recent, changed] = asked
  return !recent || changed
}

async function simulate(given: Args, names: readonly string[], host: Host): Promise<Simulation> {
  const argv = ['apt-get', '-s', '-y', ...changing(given), ...names]
  return parseSimulation(await host.ask(argv, { environment: { LC_ALL: 'C' } }))
}

/** The part of the command line that simulation and deed have in common. */
function changing(given: Args): readonly string[] {
  if (given.state === 'absent') return [given.purge ? 'purge' : 'remove']
  const recommends = given.install_recommends
  return [
    ...(recommends === undefined ? [] : [recommends ? '--install-recommends' : '--no-install-recommends']),
    ...(given.allow_downgrade ? ['--allow-downgrades'] : []),
    'install',
  ]
}

function plan(given: Args, { work, packages }: Seen): Plan {
  if (work === undefined) return done()
  const { names, interrupted, fetch, missing, simulation } = work
  const options = { lockTimeout: given.lock_timeout, proxy: given.proxy }
  if (names.length > 0 && interrupted.length > 0)
    return actions([finish(interrupted, given)], { stage: 'finish an interrupted installation' })
  if (fetch) return actions([fetchLists(options)], { stage: 'fetch the package lists' })
  if (names.length === 0) return done()
  const [unavailable] = missing
  if (unavailable !== undefined) return refuse(noCandidate(unavailable))
  if (simulation !== undefined && !isUnknown(simulation)) {
    const problem = simulation.refusal ?? objection(given, simulation)
    if (problem) return refuse(problem)
  }
  const foreseen = knownOr(simulation, undefined)
  return actions([act(given, names, foreseen)], { diffs: [diffOf(names, foreseen, packages)] })
}

function finish(interrupted: readonly HalfDone[], given: Args): Run {
  const names = some(interrupted.map(({ name }) => name))
  return {
    kind: 'run',
    argv: ['dpkg', '--force-confdef', '--force-confold', '--configure', '-a'],
    environment: aptEnvironment,
    timeout: 1800,
    lock: { kind: 'dpkg', timeout: given.lock_timeout },
    label: `finish the interrupted installation of ${names}`,
    hint: 'a package cannot be configured: its own message is above',
    effects: [
      ...interrupted.map(({ name, version }): Effect => ({
        kind: 'package',
        name,
        becomes: { installed: version },
      })),
      { kind: 'brings', what: names },
    ],
  }
}

/** What the simulation would do and the task does not allow. */
function objection(given: Args, { removes, installs }: Simulation): Refusal | undefined {
  const allowed = [
    ...given.allow_remove,
    ...(given.state === 'absent' ? targetsOf(given).map(({ name }) => name) : []),
  ]
  const removed = removes.filter((name) => !allowed.some((glob) => globMatches(glob, name)))
  if (removed.length > 0)
    return {
      code: 'apt-would-remove',
      message: `apt would also remove ${some(removed)}`,
      hint: 'if that is right, name them in `allow_remove`',
    }
  const forbidden = installs.filter(
    ({ name, before }) => before === undefined && given.forbid.some((glob) => globMatches(glob, name)),
  )
  if (forbidden.length > 0)
    return {
      code: 'apt-forbidden',
      message: `apt would bring in ${some(forbidden.map(({ name }) => name))}, which must not come`,
      hint: 'name packages that do not depend on them, or try `install_recommends: false`',
    }
  return undefined
}

/** Debian's architecture suffix (`libc6:i386`) does not count. */
export function globMatches(glob: string, name: string): boolean {
  const pattern = glob.replace(/[.+]/g, '\\$&').replaceAll('*', '.*').replaceAll('?', '.')
  return new RegExp(`^${pattern}(:[a-z0-9]+)?$`).test(name)
}

function act(given: Args, names: readonly string[], foreseen: Simulation | undefined): Action {
  const argv = [
    'apt-get',
    '-y',
    ...aptOptions({ lockTimeout: given.lock_timeout, proxy: given.proxy }),
    '-o',
    'Dpkg::Options::=--force-confdef',
    '-o',
    'Dpkg::Options::=--force-confold',
    ...(given.state !== 'absent' && foreseen?.removes.length === 0 ? ['--no-remove'] : []),
    ...changing(given),
    ...names,
  ]
  const removing = given.state === 'absent'
  return {
    kind: 'run',
    argv,
    environment: aptEnvironment,
    timeout: 3600,
    detached: { name: 'apt', fingerprint: fingerprint([...argv, JSON.stringify(foreseen ?? '')]) },
    lock: { kind: 'dpkg', timeout: given.lock_timeout },
    label: `${removing ? (given.purge ? 'purge' : 'remove') : 'install'} ${some(names)}`,
    hint: 'see /var/log/apt/term.log on the host; running again goes on where it stopped',
    effects: foreseen ? foreseenEffects(foreseen) : unknownEffects(given, names),
  }
}

function foreseenEffects({ installs, removes }: Simulation): readonly Effect[] {
  return [
    ...removes.map((name): Effect => ({ kind: 'package', name, becomes: { installed: undefined } })),
    ...installs.map(({ name, version }): Effect => ({
      kind: 'package',
      name,
      becomes: { installed: version },
    })),
    ...(installs.length === 0
      ? []
      : [{ kind: 'brings' as const, what: some(installs.map(({ name }) => name)) }]),
  ]
}

function unknownEffects(given: Args, names: readonly string[]): readonly Effect[] {
  const what = some(names)
  const removing = given.state === 'absent'
  return [
    {
      kind: 'unknown',
      resources: ['package:*'],
      why: `which packages ${removing ? 'go' : 'come'} with ${what} only the run can know`,
    },
    ...targetsOf({ ...given, name: [...names] }).map(({ name, version }): Effect => {
      return {
        kind: 'package',
        name,
        becomes: { installed: removing ? undefined : (version ?? unknownVersion) },
      }
    }),
    ...(removing ? [] : [{ kind: 'brings' as const, what }]),
  ]
}

function diffOf(
  names: readonly string[],
  foreseen: Simulation | undefined,
  packages: ReadonlyMap<string, PackageStatus>,
): Diff {
  if (!foreseen) {
    const before = names.map(
      (name) => `${name.split('=', 1)[0] ?? name}: ${packages.get(name)?.installed ?? 'absent'}\n`,
    )
    return { title: 'packages', before: before.join(''), after: `${names.join('\n')}\nand what they need\n` }
  }
  const { installs, removes } = foreseen
  const old = [
    ...installs.flatMap(({ name, before }) => (before === undefined ? [] : [`${name} ${before}\n`])),
    ...removes.map((name) => `${name}\n`),
  ]
  const fresh = installs.map(({ name, version }) => `${name} ${version}\n`)
  return { title: 'packages', before: old.sort().join(''), after: fresh.sort().join('') }
}

/** The first few of a list, for a sentence. */
function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}

function fingerprint(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 32)
}
