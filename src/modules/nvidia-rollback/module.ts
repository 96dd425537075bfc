/**
 * Chooses the driver version that a rollback installs on a node: the one that was loaded before, as the node's helper has
 * noted it. Changes nothing.
 *
 * Only a node with the version to return from goes back. So a rollback that was interrupted continues when it is run
 * again, and a node that has returned stays where it is, although the note then names the newer version.
 */
import { isUnknown, knownOr } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import { done, type Plan, refuse } from '../../host/plan.ts'
import { driverPrevious, driverReplaced } from '../../nvidia/reload.ts'
import { readInstalledDriver } from '../../nvidia/userspace.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  /** The version of the loaded driver, or of the installed one if none is loaded. */
  readonly current: string | undefined
  readonly previous: string | undefined
}

export const nvidiaRollback = {
  name: 'nvidia_rollback',
  summary: 'Chooses the driver version to which a rollback returns a node.',
  args,
  result,
  exitCode: 4,
  probe,
  plan,
  report: (given, seen) => ({ version: target(given, seen) ?? given.version }),
  message: (given, seen) => {
    const version = target(given, seen)
    if (version === undefined) return undefined
    return version === seen.current
      ? `driver ${version} stays${given.to === '' ? `: it is not ${given.version}` : ''}`
      : `returns from driver ${seen.current ?? '(none)'} to ${version}`
  },
} satisfies Module<Args, Seen>

async function probe(_: Args, host: Host): Promise<Seen> {
  const [driver, installed, previous, replaced] = await Promise.all([
    host.kernelModule('nvidia'),
    readInstalledDriver(host),
    host.maybe(host.text(driverPrevious)),
    host.maybe(host.text(driverReplaced)),
  ])
  const loaded = driver.loaded ? driver.version : undefined
  const known = isUnknown(installed) ? undefined : installed
  const notes = [replaced, previous].map((text) => knownOr(text, undefined)?.trim())
  return {
    current: loaded ?? known,
    previous: notes.find((version) => version !== undefined && version !== '' && version !== loaded),
  }
}

function plan(given: Args, seen: Seen): Plan {
  if (target(given, seen) !== undefined) return done()
  return refuse({
    code: 'no-earlier-driver',
    message:
      seen.current === undefined
        ? 'no driver is installed, so there is nothing to return from'
        : `no version before ${seen.current} is known on this node`,
    hint: 'name the version to return to: -e rollback_version=VERSION',
    exitCode: 2,
  })
}

function target({ version, to }: Args, { current, previous }: Seen): string | undefined {
  if (to !== '') return to
  return current === version ? previous : current
}
