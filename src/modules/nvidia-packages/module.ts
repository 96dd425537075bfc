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
import type { Action } from '../../host/action.ts'
import { sha256Of } from '../../host/content.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, refuse } from '../../host/plan.ts'
import { packageStates } from '../../host/questions/packages.ts'
import { resource } from '../../host/resource.ts'
import { type DkmsModule, readDkmsTrees } from '../../nvidia/dkms-trees.ts'
import { driverPackagePatterns, isDriverPackage } from '../../nvidia/driver-packages.ts'
import {
  type DkmsState,
  dkmsState,
  dkmsStatus,
  installedVersion,
  installerLog,
} from '../../nvidia/installer.ts'
import { type OtherKernel, readOtherKernels, withOtherKernels } from '../../nvidia/other-kernels.ts'
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
import { driverBefore, helper } from '../../nvidia/reload.ts'
import { noEnrolledKey, readSecureBoot, type SecureBoot } from '../../nvidia/secure-boot.ts'
import { needsSigning, readUnsigned, signingActions } from '../../nvidia/signing.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen extends PackagedVersion {
  /** Version of a driver from a `.run`; undefined if there is none. */
  readonly fromRun: string | undefined
  readonly loaded: string | undefined
  readonly secureBoot: SecureBoot
  readonly modules: Modules
}

/** What DKMS has of the driver in the required version. */
interface Modules {
  /** Release of the running kernel; undefined in a dry run that reboots the node first. */
  readonly kernel: string | undefined
  /** The sources; undefined if they are not installed, or a dry run cannot know. */
  readonly source: DkmsModule | undefined
  /** For the running kernel; undefined if DKMS is missing or a dry run cannot know. */
  readonly dkms: DkmsState | undefined
  readonly otherKernels: readonly OtherKernel[]
  /** Kernels whose modules are not signed; empty unless Secure Boot is on and DKMS's key is enrolled. */
  readonly unsigned: readonly string[]
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
  const [packaged, modules] = await Promise.all([
    readPackagedVersion(
      { version: given.version, installed, missing },
      (maxAge) => request(given, { installed, loaded }, maxAge),
      host,
    ),
    readModules(given, secureBoot, host),
  ])
  return { ...packaged, fromRun: installedVersion(log ?? ''), loaded, secureBoot, modules }
}

async function readModules({ version, kernels }: Args, secureBoot: SecureBoot, host: Host): Promise<Modules> {
  const [running, status, known] = await Promise.all([
    host.maybe(host.kernel()),
    host.maybe(host.ask(dkmsStatus)),
    host.maybe(readDkmsTrees(host)),
  ])
  const kernel = isUnknown(running) ? undefined : running.release
  const dkms = knownOr(status, undefined)
  const source = knownOr(known, []).find((tree) => tree.whole && tree.version === version)
  const module = source ?? { name: 'nvidia', version }
  return {
    kernel,
    source,
    dkms: dkms === undefined || kernel === undefined ? undefined : dkmsState(dkms, module, kernel),
    otherKernels: await readOtherKernels(module, { kernels, running: kernel, dkms }, host),
    unsigned: await readUnsigned(module, { status: dkms, secureBoot }, host),
  }
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

type Present = Pick<Seen, 'installed' | 'loaded'>

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
 * helper keeps loaded modules in use, lets apt-get install the packages again that were installed before if the
 * change fails, and rebuilds each initramfs that holds the driver.
 */
function exchange({ version, proxy }: Args, { installed, loaded }: Present): readonly string[] {
  if (installed.length === 0 && loaded === undefined) return []
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
  const { fromRun, work, lacking, secureBoot } = seen
  if (fromRun !== undefined)
    return refuse({
      code: 'driver-from-run',
      message: `driver ${fromRun} is installed from a .run, which conflicts with packages`,
      hint: 'run `nvidia-uninstall` on the node, or set nvidia_host_source: run',
    })
  const packaged = planPackagedVersion(request(given, seen), seen, { version, advice, install })
  if (!install || packaged.refusal || packaged.stage !== undefined || packaged.settle) return packaged
  const changes = work !== undefined && lacking.size === 0
  if (changes && (secureBoot === 'no-key' || secureBoot === 'key-requested'))
    return refuse(noEnrolledKey(secureBoot))
  return withModules(given, seen, packaged)
}

/** Debian's packages build only for kernels whose headers are installed, and not for all of these. */
function withModules({ version }: Args, { modules, work, secureBoot }: Seen, packaged: Plan): Plan {
  const { source, otherKernels } = modules
  // The helper names the cause if a kernel has no headers; a dry run cannot know those of an earlier task.
  if (work !== undefined)
    return withOtherKernels(
      version,
      { source: false, otherKernels: otherKernels.map((kernel) => ({ ...kernel, headers: true })) },
      packaged,
    )
  if (source === undefined) return packaged
  const unsigned = needsSigning({ ...modules, secureBoot })
  const list = [
    ...packaged.actions,
    ...(unsigned.length > 0 ? signingActions(source, unsigned) : build(source, modules)),
  ]
  const { diffs } = packaged
  const own = list.length > 0 ? actions(list, { diffs }) : done()
  return withOtherKernels(version, { source: true, otherKernels }, own)
}

function build({ name, version }: DkmsModule, { dkms, kernel }: Modules): readonly Action[] {
  if (dkms === undefined || dkms === 'installed' || kernel === undefined) return []
  return [
    {
      kind: 'run',
      argv: ['dkms', 'install', '-m', name, '-v', version, '-k', kernel],
      timeout: 1800,
      detached: { name: 'nvidia-dkms', fingerprint: sha256Of([name, version, kernel].join(' ')) },
      label: `build driver ${version} for ${kernel}`,
      hint: `see /var/lib/dkms/${name}/${version}/build/make.log for the build's output`,
      effects: [
        {
          kind: 'unknown',
          resources: ['file:/var/lib/dkms/*', `file:/lib/modules/${kernel}/*`],
          why: 'an earlier action builds the driver',
        },
      ],
    },
  ]
}

const advice: Advice = {
  others: (offered) =>
    `set nvidia_driver_version to one of the offered versions (${offered.join(', ')}), or nvidia_host_source: run; \`apt-get update\` on the node finds newer ones`,
  none: "add Debian's components contrib, non-free and non-free-firmware or NVIDIA's repository to the node's apt sources, or set nvidia_host_source: run",
}
