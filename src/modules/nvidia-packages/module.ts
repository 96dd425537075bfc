/**
 * Keeps the NVIDIA driver of a node as packages of Debian or of NVIDIA's repository, at one version: takes
 * installed packages over as they are, and pins them, so that no upgrade moves the node away from its
 * containers. Moves them to another version with apt, after a simulation; if that fails, the node's helper lets apt
 * install the version before it again, and the task fails. Lets DKMS build and sign the modules for each kernel
 * that needs them. Does not load the driver: `nvidia_loaded` does.
 */
import { aptGet } from '../../apt/apt-get.ts'
import type { PackageRequest } from '../../apt/package-request.ts'
import { defined } from '../../base/defined.ts'
import { isUnknown, knownOr } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import { type Plan, type Refusal, refuse } from '../../host/plan.ts'
import { packageStates } from '../../host/questions/packages.ts'
import { resource } from '../../host/resource.ts'
import { driverPackagePatterns, isDriverPackage } from '../../nvidia/driver-packages.ts'
import { installedModuleType, installedVersion, installerLog, nodeOptions } from '../../nvidia/installer.ts'
import { patientApt } from '../../nvidia/package-requests.ts'
import {
  basicPackages,
  isKernel,
  moduleTypeOf,
  packagedDriver,
  upstreamVersion,
} from '../../nvidia/packaged-driver.ts'
import {
  type Advice,
  type PackagedVersion,
  planPackagedVersion,
  readPackagedVersion,
} from '../../nvidia/packaged-version.ts'
import { driverBefore, driverReplaced, helper } from '../../nvidia/reload.ts'
import { cachedRunfile, checksumRecord } from '../../nvidia/runfile.ts'
import { noEnrolledKey, readSecureBoot, type SecureBoot } from '../../nvidia/secure-boot.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'
import { type Modules, readModules, withModules } from './kernel-modules.ts'

export interface Seen extends PackagedVersion {
  /** A driver from a `.run`; undefined if there is none. */
  readonly fromRun: RunDriver | undefined
  readonly loaded: string | undefined
  readonly secureBoot: SecureBoot
  readonly modules: Modules
}

interface RunDriver {
  readonly version: string
  /** The words with which its installer installs it again; undefined if it is not in the cache. */
  readonly installer: readonly string[] | undefined
}

export const nvidiaPackages = {
  name: 'nvidia_packages',
  summary: "Keeps a node's NVIDIA driver as packages, pinned to one version.",
  args,
  result,
  exitCode: 5,
  probe,
  plan,
  report: (_, { installed }) => ({ packages: installed.map(({ name }) => name) }),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const [rows, log, driver, firmware] = await Promise.all([
    host.ask(packageStates({ patterns: driverPackagePatterns })),
    host.text(installerLog),
    host.kernelModule('nvidia'),
    host.maybe(readSecureBoot(host)),
  ])
  const installed = packagedDriver(rows)
  const loaded = driver.loaded ? driver.version : undefined
  const missing = missingPackages(
    given,
    installed.map(({ name }) => name),
  )
  // Unknown only after a reboot in a dry run; there, nothing depends on the signature.
  const secureBoot = knownOr(firmware, 'off')
  const fromRun = await readRun(given, { records: log ?? '', loaded, secureBoot }, host)
  const [packaged, modules] = await Promise.all([
    readPackagedVersion(
      { version: given.version, installed, missing },
      (maxAge) => request(given, { installed, loaded, fromRun }, maxAge),
      host,
    ),
    readModules(given, secureBoot, host),
  ])
  return { ...packaged, fromRun, loaded, secureBoot, modules }
}

async function readRun(
  { directory }: Args,
  {
    records,
    loaded,
    secureBoot,
  }: { readonly records: string; readonly loaded: string | undefined; readonly secureBoot: SecureBoot },
  host: Host,
): Promise<RunDriver | undefined> {
  const version = installedVersion(records)
  if (version === undefined) return undefined
  const runfile = cachedRunfile(directory, version)
  const [record, running] = await Promise.all([
    host.maybe(host.stat(checksumRecord(runfile))),
    host.maybe(host.kernel()),
  ])
  if (isUnknown(record) || record === undefined || isUnknown(running))
    return { version, installer: undefined }
  const type = await host.maybe(host.ask(installedModuleType({ kernel: running.release })))
  const options = nodeOptions(version, {
    moduleType: knownOr(type, undefined) ?? 'proprietary',
    beside: loaded !== undefined,
    sign: secureBoot === 'key-enrolled',
  })
  return { version, installer: [runfile, ...options] }
}

/** Each entry lists names of one package in different archives. */
function missingPackages(
  { module_type: type, enforce_type: enforce }: Args,
  installed: readonly string[],
): readonly (readonly string[])[] {
  const { kernel, user } = basicPackages(type)
  const types = installed.map(moduleTypeOf).filter((one) => one !== undefined)
  const lacksKernel = enforce ? !types.includes(type) : types.length === 0
  const bare = installed.length === 0
  return [...(lacksKernel ? [kernel] : []), ...(bare ? user.map((name) => [name]) : [])]
}

type Present = Pick<Seen, 'installed' | 'loaded' | 'fromRun'>

/** `maxAge`: of apt's lists in seconds; default: lists of any age, so that a dry run can simulate. */
function request(given: Args, present: Present, maxAge?: number): PackageRequest {
  const { version, proxy, timeout } = given
  return {
    verb: 'install',
    options,
    settings: patientApt(proxy),
    purpose: { kind: 'packages', names: ['libcuda1', 'nvidia-smi'] },
    ...defined({ maxAge }),
    timeout,
    through: exchange(given, present),
    limits: {
      // Parts of the driver come and go between its versions.
      mayRemove: isDriverPackage,
      mayInstall: (name) => !isKernel(name),
      refuseRemoval: (others) => ({
        code: 'would-remove-others',
        message: `installing driver ${version} from packages would remove ${others.join(', ')}`,
        hint: 'remove the packages that depend on the other version yourself, then run again',
      }),
      refuseInstallation: (kernels) => ({
        code: 'would-bring-kernel',
        message: `installing driver ${version} from packages would install a kernel: ${kernels.join(', ')}`,
        hint: 'install the kernel yourself, then run again',
      }),
    },
    label: `install driver ${version} from packages`,
    contents: [
      {
        kind: 'unknown',
        resources: [
          'command:nvidia*',
          'file:/usr/bin/nvidia*',
          'file:/usr/lib/*',
          'file:/lib/modules/*',
          'file:/var/lib/dkms/*',
          'file:/boot/initrd.img-*',
          'file:/etc/modprobe.d/*',
          resource('file', driverBefore),
          resource('file', driverReplaced),
        ],
        why: `an earlier action installs driver ${version} from packages`,
      },
      { kind: 'brings', what: `driver ${version}` },
    ],
  }
}

const options = ['--no-install-recommends', '--allow-downgrades'] as const

/**
 * The words before apt-get if there is a driver already, as `nvidia_driver` has them before an installer: the
 * helper keeps loaded modules in use, removes a driver of a `.run` before apt-get runs, lets apt-get install the
 * packages again that were installed before if the change fails, and rebuilds each initramfs that holds the driver.
 * None of this is due where only libraries and programs are installed, and no module is loaded.
 */
function exchange({ version, proxy }: Args, { installed, loaded, fromRun }: Present): readonly string[] {
  if (fromRun !== undefined) {
    const back = fromRun.installer === undefined ? [] : [fromRun.version, ...fromRun.installer]
    return [helper, 'install', version, ...back, '--']
  }
  const modules = installed.some(({ name }) => moduleTypeOf(name) !== undefined)
  if (!modules && loaded === undefined) return []
  const versions = new Set(installed.map((row) => upstreamVersion(row.version)))
  const [before] = versions
  // An interrupted change leaves two versions; the helper has recorded what it replaced.
  const certain = versions.size === 1 && installed.every(({ status }) => status === 'installed')
  const names = installed.map((row) => `${row.name}=${row.version}`)
  const back =
    before === undefined || !certain
      ? []
      : [
          before,
          ...aptGet([...options, 'install', ...names], patientApt(proxy), { label: '', effects: [] }).argv,
        ]
  return [helper, 'install', version, ...back, '--']
}

function plan(given: Args, seen: Seen): Plan {
  const { version, install } = given
  const { work, lacking, secureBoot } = seen
  const problem = runRefusal(given, seen)
  if (problem) return refuse(problem)
  const packaged = planPackagedVersion(request(given, seen), seen, { version, advice, install })
  if (!install || packaged.refusal || packaged.stage !== undefined || packaged.settle) return packaged
  const changes = work !== undefined && lacking.size === 0
  if (changes && (secureBoot === 'no-key' || secureBoot === 'key-requested'))
    return refuse(noEnrolledKey(secureBoot))
  return withModules(given, { modules: seen.modules, secureBoot, changes }, packaged)
}

/** The files of a `.run` would be in the way of packages, and of those that it has overwritten. */
function runRefusal({ foreign }: Args, { fromRun, installed }: Seen): Refusal | undefined {
  if (fromRun === undefined || (foreign === 'remove' && installed.length === 0)) return undefined
  const mixed = installed.length > 0
  return {
    code: 'driver-from-run',
    message: `driver ${fromRun.version} is installed from a .run, which conflicts with packages`,
    hint: mixed
      ? 'packages are installed as well: set nvidia_host_source: run and nvidia_host_foreign_driver: remove first'
      : 'set nvidia_host_foreign_driver: remove to replace it, or nvidia_host_source: run to keep it',
  }
}

const advice: Advice = {
  others: (offered) =>
    `set nvidia_driver_version to one of the offered versions (${offered.join(', ')}), or nvidia_host_source: run; \`apt-get update\` on the node finds newer ones`,
  none: "add Debian's components contrib, non-free and non-free-firmware or NVIDIA's repository to the node's apt sources, or set nvidia_host_source: run",
}
