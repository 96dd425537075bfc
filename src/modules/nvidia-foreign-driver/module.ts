/**
 * Handles an NVIDIA driver installed from packages, which conflicts with one from a `.run`: their files
 * overwrite each other, and apt restores those of the packages at its next upgrade. Removes only packages of
 * a fixed list.
 */
import { planChange } from '../../apt/change.ts'
import { type PackageRequest, readWork, targetOf, type Work } from '../../apt/package-request.ts'
import { knownOr } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import { done, type Plan, refuse } from '../../host/plan.ts'
import { purgeDriver } from '../../nvidia/package-requests.ts'
import { readDriverPackages } from '../../nvidia/driver-packages.ts'
import { driverBefore, driverInUse } from '../../nvidia/reload.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  readonly packages: readonly string[]
  readonly loaded: string | undefined
  /** Whether a failed installation would go back to an earlier driver, whose packages are removed as well. */
  readonly wayBack: boolean
  /** Their removal; undefined if they must not be removed. */
  readonly work: Work | undefined
}

export const nvidiaForeignDriver = {
  name: 'nvidia_foreign_driver',
  summary: 'Refuses or removes an NVIDIA driver that was installed from packages.',
  args,
  result,
  exitCode: 5,
  probe,
  plan,
  report: (_, { packages }) => ({ packages }),
} satisfies Module<Args, Seen>

async function probe({ policy }: Args, host: Host): Promise<Seen> {
  const [packages, driver, before] = await Promise.all([
    readDriverPackages(host),
    host.kernelModule('nvidia'),
    host.maybe(host.stat(driverBefore)),
  ])
  const work =
    policy === 'remove' && packages.length > 0
      ? await readWork(removal(packages), { targets: packages.map(targetOf) }, host)
      : undefined
  const wayBack = knownOr(before, undefined) !== undefined
  return { packages, loaded: driver.loaded ? driver.version : undefined, wayBack, work }
}

function removal(packages: readonly string[]): PackageRequest {
  return purgeDriver(packages, '', [
    {
      kind: 'unknown',
      resources: [
        'command:nvidia*',
        'file:/usr/bin/nvidia*',
        'file:/usr/lib/nvidia*',
        'file:/etc/modprobe.d/*',
        // Removing a package with sources also removes what DKMS built from them.
        'file:/lib/modules/*',
        'file:/var/lib/dkms/*',
      ],
      why: 'an earlier action removes a packaged driver',
    },
  ])
}

function plan({ version }: Args, { packages, loaded, wayBack, work }: Seen): Plan {
  if (packages.length === 0) return done()
  if (work === undefined) {
    const names = packages.join(', ')
    if (loaded === version)
      return done([`driver ${version} is loaded, but driver packages are installed as well: ${names}`])
    return refuse({
      code: 'foreign-driver',
      message: `an NVIDIA driver is installed from packages: ${names}`,
      hint: 'remove them yourself, set nvidia_host_foreign_driver: remove to purge exactly these, or nvidia_host_source: apt to keep them',
    })
  }
  // The node would have no driver after its next boot.
  const problem = driverInUse(version, loaded)
  if (problem) return refuse(problem)
  const planned = planChange(removal(packages), work) ?? done()
  if (!wayBack || planned.refusal || planned.stage !== undefined) return planned
  return { ...planned, actions: [...planned.actions, { kind: 'remove', path: driverBefore }] }
}
