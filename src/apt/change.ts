/** Plans a request: finish what was interrupted, update the lists, then act, with predicted effects. */
import { defined } from '../base/defined.ts'
import { isUnknown, knownOr, type Unknown } from '../base/unknown.ts'
import type { Effect, Run } from '../host/action.ts'
import { actions, type Diff, type Plan, refuse } from '../host/plan.ts'
import { unknownVersion } from '../host/resources/package.ts'
import { aptGet, type AptSettings, dpkg } from './apt-get.ts'
import { updateLists } from './lists.ts'
import { waitForNetwork } from './network.ts'
import { type HalfDone, isPackageFile, type PackageRequest, targetOf, type Work } from './package-request.ts'
import { noCandidate, objection, type Simulation } from './simulation.ts'

export interface ChangeOptions {
  /** Set if the module plans again after the change. */
  readonly stage?: string
  readonly doubt?: Unknown
  readonly warnings?: readonly string[]
  /** Installed version by package, for the diff of a change that could not be simulated. */
  readonly installed?: ReadonlyMap<string, string | undefined>
}

/** The next step of a request; undefined if nothing is left to do. */
export function planChange(
  request: PackageRequest,
  { names, interrupted, fetch, lack, missing, simulation }: Work,
  { stage, doubt, warnings = [], installed = new Map() }: ChangeOptions = {},
): Plan | undefined {
  const { settings, purpose, contents } = request
  if (names.length > 0 && interrupted.length > 0)
    return actions([finish(interrupted, settings)], {
      stage: 'finish an interrupted installation',
      warnings,
    })
  if (lack !== undefined && (fetch || names.length > 0)) return waitForNetwork(lack)
  if (fetch)
    return actions([updateLists(settings, purpose, contents ? [] : missing)], {
      stage: 'update the package lists',
      warnings,
    })
  if (names.length === 0) return undefined
  const [unavailable] = missing
  if (unavailable !== undefined) return refuse(request.refuseMissing?.(missing) ?? noCandidate(unavailable))
  if (simulation !== undefined && !isUnknown(simulation)) {
    const problem = objection(simulation, request.limits)
    if (problem) return refuse(problem)
  }
  const foreseen = knownOr(simulation, undefined)
  return actions([act(request, names, foreseen)], {
    diffs: [diffOf(request, names, { foreseen, installed })],
    warnings,
    ...defined({ stage, doubt }),
  })
}

/** Finishes an interrupted dpkg run. */
function finish(interrupted: readonly HalfDone[], settings: AptSettings): Run {
  const names = some(interrupted.map(({ name }) => name))
  return dpkg(['--configure', '-a'], settings, {
    files: 'kept',
    timeout: 1800,
    label: `finish the interrupted installation of ${names}`,
    hint: 'dpkg cannot configure a package; see its message above',
    effects: [
      ...interrupted.map(({ name, version }): Effect => ({
        kind: 'package',
        name,
        becomes: { installed: version },
      })),
      { kind: 'brings', what: names },
    ],
  })
}

/** Installs or removes packages, with the effects that the simulation predicted. */
function act(request: PackageRequest, names: readonly string[], foreseen: Simulation | undefined): Run {
  const { verb, options, settings, timeout = 3600, contents, through } = request
  // apt repeats what the simulation has found: nothing is removed.
  const keeps = verb === 'install' && (foreseen ? foreseen.removes.length === 0 : contents !== undefined)
  return aptGet([...(keeps ? ['--no-remove'] : []), ...options, verb, ...names], settings, {
    label: request.label ?? `${options.includes('--reinstall') ? 'reinstall' : verb} ${some(names)}`,
    hint: 'see /var/log/apt/term.log on the host; the next run continues where apt stopped',
    timeout,
    ...defined({ through }),
    detached: [JSON.stringify(foreseen ?? '')],
    effects: [
      ...(foreseen ? foreseenEffects(foreseen) : unknownEffects(request, names)),
      ...(contents ?? brought(verb === 'install' ? names : [], foreseen)),
    ],
  })
}

function foreseenEffects({ installs, removes }: Simulation): readonly Effect[] {
  return [
    ...removes.map((name): Effect => ({ kind: 'package', name, becomes: { installed: undefined } })),
    ...installs.map(({ name, version }): Effect => ({
      kind: 'package',
      name,
      becomes: { installed: version },
    })),
  ]
}

function unknownEffects({ verb, contents }: PackageRequest, names: readonly string[]): readonly Effect[] {
  const removing = verb !== 'install'
  const others: Effect = {
    kind: 'unknown',
    resources: ['package:*'],
    why: `which packages apt ${removing ? 'removes' : 'installs'} with ${some(names)} is known only in the run`,
  }
  return [
    ...(contents ? [] : [others]),
    // The name of the package in a file is known only to those who have read the file.
    ...names
      .filter((name) => !isPackageFile(name))
      .map(targetOf)
      .map(({ name, version }): Effect => ({
        kind: 'package',
        name,
        becomes: { installed: removing ? undefined : (version ?? unknownVersion) },
      })),
  ]
}

/** Whatever the installed packages contain. */
function brought(names: readonly string[], foreseen: Simulation | undefined): readonly Effect[] {
  const all = foreseen ? foreseen.installs.map(({ name }) => name) : names
  return all.length === 0 ? [] : [{ kind: 'brings', what: some(all) }]
}

/** The packages before and after. */
function diffOf(
  { verb }: PackageRequest,
  names: readonly string[],
  {
    foreseen,
    installed,
  }: { readonly foreseen: Simulation | undefined } & Required<Pick<ChangeOptions, 'installed'>>,
): Diff {
  const title = 'packages'
  if (!foreseen) {
    const before = names.map(targetOf).map(({ name }) => `${name}: ${installed.get(name) ?? 'absent'}\n`)
    const after = verb === 'install' ? `${names.join('\n')}\nand their dependencies\n` : ''
    return { title, before: before.join(''), after }
  }
  const { installs, removes } = foreseen
  const old = [
    ...installs.flatMap(({ name, before }) => (before === undefined ? [] : [`${name} ${before}\n`])),
    ...removes.map((name) => `${name}\n`),
  ]
  const fresh = installs.map(({ name, version }) => `${name} ${version}\n`)
  return { title, before: old.sort().join(''), after: fresh.sort().join('') }
}

/** The first few of a list, for a sentence. */
export function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}
