/**
 * Packages on Debian and its derivatives. Stages: finish an interrupted run, update the lists if needed,
 * simulate, act.
 *
 * Removes only named packages and installs none that are forbidden: the simulation checks this, and apt-get
 * gets matching options.
 */
import { defined as whereGiven } from '../../base/defined.ts'
import { globPattern } from '../../base/glob.ts'
import { isUnknown, knownOr } from '../../base/unknown.ts'
import { actions, done, type Plan, type Refusal, refuse } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { fetchLists } from '../support/apt-lists.ts'
import { args, type Args, result } from './args.ts'
import { act, diffOf, finish, some } from './changes.ts'
import { probe, type Seen, targetsOf } from './probe.ts'
import { noCandidate, type Simulation } from './simulation.ts'

export const apt = {
  name: 'apt',
  summary: 'Installs, upgrades or removes packages, and fails if that would remove or add unwanted ones.',
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

function plan(given: Args, { work, packages }: Seen): Plan {
  if (work === undefined) return done()
  const { names, interrupted, fetch, missing, doubt, simulation } = work
  const options = { lockTimeout: given.lock_timeout, proxy: given.proxy }
  if (names.length > 0 && interrupted.length > 0)
    return actions([finish(interrupted, given)], { stage: 'finish an interrupted installation' })
  if (fetch) return actions([fetchLists({ ...options, missing })], { stage: 'update the package lists' })
  if (names.length === 0) return done()
  const [unavailable] = missing
  if (unavailable !== undefined) return refuse(noCandidate(unavailable))
  if (simulation !== undefined && !isUnknown(simulation)) {
    const problem = simulation.refusal ?? objection(given, simulation)
    if (problem) return refuse(problem)
  }
  const foreseen = knownOr(simulation, undefined)
  return actions([act(given, names, foreseen)], {
    diffs: [diffOf(names, foreseen, packages)],
    ...whereGiven({ doubt }),
  })
}

/** Refuses simulated changes that the task does not allow. */
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
      hint: 'to allow this, list them in `allow_remove`',
    }
  const forbidden = installs.filter(
    ({ name, before }) => before === undefined && given.forbid.some((glob) => globMatches(glob, name)),
  )
  if (forbidden.length > 0)
    return {
      code: 'apt-forbidden',
      message: `apt would install ${some(forbidden.map(({ name }) => name))}, which \`forbid\` lists`,
      hint: 'choose packages that do not depend on them, or try `install_recommends: false`',
    }
  return undefined
}

/** Ignores Debian's architecture suffix (`libc6:i386`). */
export function globMatches(glob: string, name: string): boolean {
  return globPattern(glob).test(name.replace(/:[a-z0-9]+$/, ''))
}
