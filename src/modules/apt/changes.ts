/** The actions of a package task with their effects, and their diff. */
import { sha256Of } from '../../host/content.ts'
import type { Action, Effect, Run } from '../../host/action.ts'
import type { PackageStatus } from '../../host/host.ts'
import type { Diff } from '../../host/plan.ts'
import { unknownVersion } from '../../host/resources/package.ts'
import { aptEnvironment, aptOptions } from '../support/apt-lists.ts'
import type { Args } from './args.ts'
import { changing, type HalfDone, targetsOf } from './probe.ts'
import type { Simulation } from './simulation.ts'

/** Finishes an interrupted dpkg run. */
export function finish(interrupted: readonly HalfDone[], given: Args): Run {
  const names = some(interrupted.map(({ name }) => name))
  return {
    kind: 'run',
    argv: ['dpkg', '--force-confdef', '--force-confold', '--configure', '-a'],
    environment: aptEnvironment,
    timeout: 1800,
    lock: { kind: 'dpkg', timeout: given.lock_timeout },
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
  }
}

/** Installs or removes packages, with the effects that the simulation predicted. */
export function act(given: Args, names: readonly string[], foreseen: Simulation | undefined): Action {
  const { options, verb } = changing(given)
  const argv = [
    'apt-get',
    '-y',
    ...aptOptions({ lockTimeout: given.lock_timeout, proxy: given.proxy }),
    '-o',
    'Dpkg::Options::=--force-confdef',
    '-o',
    'Dpkg::Options::=--force-confold',
    ...(given.state !== 'absent' && foreseen?.removes.length === 0 ? ['--no-remove'] : []),
    ...options,
    verb,
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
    hint: 'see /var/log/apt/term.log on the host; the next run continues where apt stopped',
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
      why: `which packages apt ${removing ? 'removes' : 'installs'} with ${what} is known only in the run`,
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

/** The packages before and after. */
export function diffOf(
  names: readonly string[],
  foreseen: Simulation | undefined,
  packages: ReadonlyMap<string, PackageStatus>,
): Diff {
  if (!foreseen) {
    const before = names.map(
      (name) => `${name.split('=', 1)[0] ?? name}: ${packages.get(name)?.installed ?? 'absent'}\n`,
    )
    return {
      title: 'packages',
      before: before.join(''),
      after: `${names.join('\n')}\nand their dependencies\n`,
    }
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
export function some(names: readonly string[]): string {
  const shown = names.slice(0, 5).join(', ')
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown
}

function fingerprint(parts: readonly string[]): string {
  return sha256Of(parts.join('\0')).slice(0, 32)
}
