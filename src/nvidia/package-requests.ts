/** Limits of every apt run of the NVIDIA roles: no driver comes from packages, and nothing else is removed. */
import type { AptSettings } from '../apt/apt-get.ts'
import { some } from '../apt/change.ts'
import type { PackageRequest } from '../apt/package-request.ts'
import type { Limits } from '../apt/simulation.ts'
import type { Effect } from '../host/action.ts'
import type { ResourcePattern } from '../host/resource.ts'
import { isDriverPackage } from './driver-packages.ts'

/** Lists that are older are updated before packages are installed from them. Seconds. */
export const listsMaxAge = 3600

/** Unattended upgrades take minutes. */
export function patientApt(proxy: string): AptSettings {
  return { lockTimeout: 300, proxy }
}

/** An installation that brings no driver and removes nothing. `hint`: what to do if it would bring one. */
export function withoutDriver(
  names: readonly string[],
  hint = `to see why, run on the host: apt-get -s install ${names.join(' ')}`,
): Limits {
  return {
    mayRemove: () => false,
    mayInstall: (name) => !isDriverPackage(name),
    refuseRemoval: (removed) => ({
      code: 'would-remove-others',
      message: `installing ${names.join(', ')} would remove ${removed.join(', ')}`,
      hint: 'if that is acceptable, remove them yourself, then run again',
    }),
    refuseInstallation: (drivers) => ({
      code: 'would-bring-driver',
      message: `installing ${names.join(', ')} would install a driver from packages: ${drivers.join(', ')}`,
      hint,
    }),
  }
}

/**
 * Programs that a later step needs, from the container's own repositories. A foreign repository that does not
 * answer is no obstacle.
 * @param programs commands and files that the packages bring
 */
export function helpersRequest(
  names: readonly string[],
  { proxy, label, programs }: HelpersOptions,
): PackageRequest {
  return {
    verb: 'install',
    options: ['--no-install-recommends'],
    settings: patientApt(proxy),
    purpose: { kind: 'packages', names },
    maxAge: listsMaxAge,
    limits: withoutDriver(names),
    timeout: 600,
    label,
    contents: [
      { kind: 'unknown', resources: programs, why: `an earlier action installs ${names.join(', ')}` },
    ],
  }
}

interface HelpersOptions {
  readonly proxy: string
  readonly label: string
  readonly programs: readonly ResourcePattern[]
}

/** Purges the packages of a driver, and no others. `contents`: see `PackageRequest`. */
export function purgeDriver(
  packages: readonly string[],
  proxy: string,
  contents: readonly Effect[],
): PackageRequest {
  return {
    verb: 'purge',
    options: [],
    settings: patientApt(proxy),
    purpose: { kind: 'packages', names: packages },
    limits: {
      mayRemove: isDriverPackage,
      mayInstall: (name) => !isDriverPackage(name),
      refuseRemoval: (others) => ({
        code: 'would-remove-others',
        message: `purging the packaged driver would also remove ${others.join(', ')}`,
        hint: 'remove the packages that depend on the packaged driver yourself, then run again',
      }),
      refuseInstallation: (drivers) => ({
        code: 'would-bring-driver',
        message: `purging the packaged driver would install another one: ${drivers.join(', ')}`,
        hint: 'add these packages to those that you remove yourself, then run again',
      }),
    },
    label: `purge the packaged driver: ${some(packages)}`,
    contents,
  }
}
