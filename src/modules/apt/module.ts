/**
 * Packages on Debian and its derivatives. Stages: finish an interrupted run, update the lists if needed,
 * simulate, act.
 *
 * Removes only named packages and installs none that are forbidden: the simulation checks this, and apt-get
 * gets matching options.
 */
import { planChange, some } from '../../apt/change.ts'
import { waitForNetwork } from '../../apt/network.ts'
import { defined } from '../../base/defined.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'
import { downloadOf } from './package-file.ts'
import { probe, requestOf, type Seen, sweepOf } from './probe.ts'

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

function plan(given: Args, seen: Seen): Plan {
  const { work, skipped = [], packages, doubt, file, unneeded, sweeps = false } = seen
  if (file?.kind === 'wrong') return refuse(file.refusal)
  if (file?.kind === 'missing') {
    if (file.lack !== undefined) return waitForNetwork(file.lack)
    return actions(downloadOf(given, given.deb ?? ''), { stage: 'download the package' })
  }
  if (work === undefined) return done()
  const installed = new Map([...packages].map(([name, status]) => [name, status.installed]))
  const warnings =
    skipped.length === 0 ? [] : [`not installed, because no repository offers it: ${some(skipped)}`]
  const request = sweeps ? sweepOf(given, unneeded ?? []) : requestOf(given, unneeded)
  return planChange(request, work, { installed, warnings, ...defined({ doubt }) }) ?? done(warnings)
}
