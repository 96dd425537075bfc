/** The user-space driver from the container's own repositories, in the version of the node and pinned to it. */
import type { PackageRequest } from '../../apt/package-request.ts'
import { defined } from '../../base/defined.ts'
import type { Host } from '../../host/host.ts'
import { actions, type Plan } from '../../host/plan.ts'
import { packageStates, type PackageRow } from '../../host/questions/packages.ts'
import { driverPackagePatterns, isDriverPackage } from '../../nvidia/driver-packages.ts'
import { patientApt } from '../../nvidia/package-requests.ts'
import {
  isForKernel,
  packagedDriver,
  packagesPin,
  packagesPinFile,
  upstreamVersion,
  userspacePackages,
} from '../../nvidia/packaged-driver.ts'
import {
  type Advice,
  planPackagedVersion,
  readPackagedVersion,
  type WantedPackages,
} from '../../nvidia/packaged-version.ts'
import type { Args } from './args.ts'
import { removeFile, removeRun, userspaceChanged } from '../../nvidia/run-removal.ts'
import type { Inside, PackagesPreparation, Platform } from './seen.ts'

export interface InstalledPackages {
  readonly rows: readonly PackageRow[]
  /** Whether the pin allows exactly the version. */
  readonly pinned: boolean
}

export async function readInstalled(version: string, host: Host): Promise<InstalledPackages> {
  const [rows, pin] = await Promise.all([
    host.ask(packageStates({ patterns: driverPackagePatterns })),
    host.text(packagesPinFile),
  ])
  return { rows: packagedDriver(rows), pinned: pin === packagesPin(version) }
}

/** Whether dpkg has all packages in this version; their files may still be damaged. */
export function areInstalled(given: Args, { rows, pinned }: InstalledPackages, version: string): boolean {
  const right = rows.every((row) => upstreamVersion(row.version) === version && row.status === 'installed')
  return pinned && right && missingPackages(given, rows, version).length === 0
}

function missingPackages(
  { capabilities }: Args,
  rows: readonly PackageRow[],
  version: string,
): readonly (readonly string[])[] {
  const names = rows.map(({ name }) => name)
  const wanted = userspacePackages(version, { graphics: capabilities.includes('graphics') })
  return wanted.filter((group) => !group.some((name) => names.includes(name)))
}

export async function preparePackages(
  given: Args,
  {
    version,
    platform,
    installed,
    damaged,
  }: {
    readonly version: string
    readonly platform: Platform
    readonly installed: InstalledPackages
    /** Whether files of installed packages are gone, as after the removal of a `.run`. */
    readonly damaged: boolean
  },
  host: Host,
): Promise<PackagesPreparation> {
  const { rows } = installed
  const wanted: WantedPackages = {
    version,
    installed: rows,
    missing: missingPackages(given, rows, version),
    again: damaged,
  }
  const packaged = await readPackagedVersion(
    wanted,
    (maxAge) => request(given, { version, damaged }, maxAge),
    host,
  )
  return { source: 'apt', ...platform, damaged, packaged }
}

export function planPackages(
  given: Args,
  { version, inside }: { readonly version: string; readonly inside: Inside },
  { packaged, damaged }: PackagesPreparation,
): Plan {
  const plan = planPackagedVersion(request(given, { version, damaged }), packaged, {
    version,
    advice,
    install: true,
  })
  const { logged } = inside.userspace
  if (plan.refusal || plan.settle) return plan
  // Its files would be in the way of the packages.
  if (logged !== undefined)
    return actions([removeRun(logged, `remove driver ${logged} of a .run`)], {
      stage: 'remove the driver of a .run',
    })
  return { ...plan, actions: [...inside.leftovers.map(removeFile), ...plan.actions] }
}

/** `maxAge`: of apt's lists in seconds; default: lists of any age, so that a dry run can simulate. */
function request(
  { proxy, timeout }: Args,
  { version, damaged }: { readonly version: string; readonly damaged: boolean },
  maxAge?: number,
): PackageRequest {
  return {
    verb: 'install',
    options: [
      '--no-install-recommends',
      '--allow-downgrades',
      ...(damaged ? (['--reinstall'] as const) : []),
    ],
    settings: patientApt(proxy),
    purpose: { kind: 'packages', names: ['libcuda1', 'nvidia-smi'] },
    ...defined({ maxAge }),
    timeout,
    limits: {
      // Parts of the driver come and go between its versions.
      mayRemove: isDriverPackage,
      mayInstall: (name) => !isForKernel(name),
      refuseRemoval: (others) => ({
        code: 'would-remove-others',
        message: `installing user-space driver ${version} from packages would remove ${others.join(', ')}`,
        hint: 'remove the packages that depend on the other version yourself, then run again',
      }),
      refuseInstallation: (modules) => ({
        code: 'would-bring-modules',
        message: `installing user-space driver ${version} from packages would install kernel modules: ${modules.join(', ')}`,
        hint: 'a container cannot use them; set lxc_userspace_driver_source: run',
      }),
    },
    label: `install user-space driver ${version} from packages`,
    contents: [
      userspaceChanged(`an earlier action installs user-space driver ${version}`),
      { kind: 'command', name: 'nvidia-smi', becomes: { path: '/usr/bin/nvidia-smi' } },
    ],
  }
}

const advice: Advice = {
  others: (offered) =>
    `the container's repositories offer ${offered.join(', ')}: set nvidia_driver_version of the node to one of these, or lxc_userspace_driver_source: run`,
  none: "add Debian's components contrib, non-free and non-free-firmware, Ubuntu's restricted or NVIDIA's repository to the container's apt sources, or set lxc_userspace_driver_source: run",
}
