/**
 * Keeps the NVIDIA driver of a node as packages of Debian or of NVIDIA's repository, at one version: takes
 * installed packages over as they are, and pins them, so that no upgrade moves the node away from its
 * containers. Moves them to another version with apt, after a simulation. Does not load the driver:
 * `nvidia_loaded` does.
 */
import { planChange } from '../../apt/change.ts'
import { type PackageRequest, readWork, targetOf, type Work } from '../../apt/package-request.ts'
import { defined } from '../../base/defined.ts'
import { parentOf } from '../../base/posix-paths.ts'
import { isUnknown, knownOr } from '../../base/unknown.ts'
import type { Action } from '../../host/action.ts'
import { sha256Of } from '../../host/content.ts'
import type { Host } from '../../host/host.ts'
import { actions, done, type Plan, type Refusal, refuse } from '../../host/plan.ts'
import { packageStates, packageVersions } from '../../host/questions/packages.ts'
import { type DkmsTree, readDkmsTrees } from '../../nvidia/dkms-trees.ts'
import { driverPackagePatterns, isDriverPackage } from '../../nvidia/driver-packages.ts'
import { installedVersion, installerLog } from '../../nvidia/installer.ts'
import { listsMaxAge, patientApt } from '../../nvidia/package-requests.ts'
import {
  basicPackages,
  moduleTypeOf,
  packagedDriver,
  packagesPin,
  packagesPinFile,
  upstreamVersion,
} from '../../nvidia/packaged-driver.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'

export interface Seen {
  /** Installed packages of the driver, with their versions. */
  readonly installed: ReadonlyMap<string, string>
  /** Version of a driver from a `.run`; undefined if there is none. */
  readonly fromRun: string | undefined
  /** Text of the pin. */
  readonly pin: string | undefined
  /** `name=version` of the packages that apt must install. */
  readonly due: readonly string[]
  /** Required, but not offered in the version; with the versions that are offered. */
  readonly lacking: ReadonlyMap<string, readonly string[]>
  /** What DKMS has not built for the running kernel, as after an installation without its headers. */
  readonly unbuilt: { readonly kernel: string; readonly trees: readonly DkmsTree[] }
  /** Undefined if nothing is due or lacking. */
  readonly work: Work | undefined
}

export const nvidiaPackages = {
  name: 'nvidia_packages',
  summary: "Keeps a node's NVIDIA driver as packages, pinned to one version.",
  args,
  result,
  exitCode: 5,
  probe,
  plan,
  report: (_, { installed }) => ({ packages: [...installed.keys()] }),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const [rows, log, pin] = await Promise.all([
    host.ask(packageStates({ patterns: driverPackagePatterns })),
    host.text(installerLog),
    host.text(packagesPinFile),
  ])
  const installed = packagedDriver(rows)
  const unbuilt = await readUnbuilt(given, host)
  const seen = { installed, fromRun: installedVersion(log ?? ''), pin, unbuilt }
  const other = [...installed].flatMap(([name, version]) =>
    upstreamVersion(version) === given.version ? [] : [name],
  )
  const missing = missingPackages(given, [...installed.keys()])
  const names = [...other, ...missing.flat()]
  if (names.length === 0) return { ...seen, due: [], lacking: new Map(), work: undefined }
  const groups = [...other.map((name) => [name]), ...missing]
  const asked = await host.maybe(host.ask(packageVersions({ names })))
  const offers = groups.map((group) => offerOf(group, given.version, knownOr(asked, new Map())))
  // A dry run that cannot ask assumes that the version is offered.
  const due = offers.flatMap(({ name, found }) => (isUnknown(asked) ? name : (found ?? [])))
  const lacking = isUnknown(asked) ? [] : offers.filter(({ found }) => found === undefined)
  const work = await readWork(
    request(given, lacking.length > 0 ? listsMaxAge : undefined),
    { targets: due.map(targetOf) },
    host,
  )
  return {
    ...seen,
    due,
    lacking: new Map(lacking.map(({ name, others }) => [name, others])),
    work,
  }
}

async function readUnbuilt({ version, install }: Args, host: Host): Promise<Seen['unbuilt']> {
  const running = await host.maybe(host.kernel())
  if (!install || isUnknown(running)) return { kernel: '', trees: [] }
  const kernel = running.release
  const trees = knownOr(await host.maybe(readDkmsTrees(host)), [])
  const wanted = trees.filter((tree) => tree.whole && tree.version === version)
  const links = await Promise.all(wanted.map(({ path }) => host.maybe(host.list(parentOf(path)))))
  const built = (index: number): boolean => {
    const names = links[index]
    return isUnknown(names) || (names ?? []).some((name) => name.startsWith(`kernel-${kernel}-`))
  }
  return { kernel, trees: wanted.filter((_, index) => !built(index)) }
}

interface Offer {
  /** The usual name of the package. */
  readonly name: string
  /** `name=version`; undefined if the version is not offered. */
  readonly found: string | undefined
  readonly others: readonly string[]
}

/** `group`: names of one package in different archives. */
function offerOf(
  group: readonly string[],
  wanted: string,
  offered: ReadonlyMap<string, readonly string[]>,
): Offer {
  const all = group.flatMap((name) => (offered.get(name) ?? []).map((version) => ({ name, version })))
  const found = all.find(({ version }) => upstreamVersion(version) === wanted)
  return {
    name: group[0] ?? '',
    found: found && `${found.name}=${found.version}`,
    others: all.map(({ version }) => version),
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

/** `maxAge`: of apt's lists in seconds; default: lists of any age, so that a dry run can simulate. */
function request({ version, proxy, timeout }: Args, maxAge?: number): PackageRequest {
  return {
    verb: 'install',
    options: ['--no-install-recommends', '--allow-downgrades'],
    settings: patientApt(proxy),
    purpose: { kind: 'packages', names: ['libcuda1', 'nvidia-smi'] },
    ...defined({ maxAge }),
    timeout,
    limits: {
      // Parts of the driver come and go between its versions.
      mayRemove: isDriverPackage,
      mayInstall: (name) => !/^(?:linux-image|proxmox-kernel|proxmox-default-kernel|pve-kernel)/.test(name),
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
          'file:/etc/modprobe.d/*',
        ],
        why: `an earlier action installs driver ${version} from packages`,
      },
      { kind: 'brings', what: `driver ${version}` },
    ],
  }
}

function plan(given: Args, seen: Seen): Plan {
  const { fromRun, pin, due, work } = seen
  const { install } = given
  if (fromRun !== undefined)
    return refuse({
      code: 'driver-from-run',
      message: `driver ${fromRun} is installed from a .run, which conflicts with packages`,
      hint: 'run `nvidia-uninstall` on the node, or set nvidia_host_source: run',
    })
  const options = { installed: seen.installed }
  const problem = notOffered(given, seen)
  if (work?.fetch === true && ![...seen.lacking.values()].some((versions) => versions.length > 0))
    return planChange(request(given), work, { warnings: problem ? [problem.message] : [] }) ?? done()
  if (problem) return refuse(problem)
  const wanted = packagesPin(given.version)
  const pinning: Action | undefined =
    pin === wanted
      ? undefined
      : {
          kind: 'writeFile',
          path: packagesPinFile,
          content: { kind: 'text', text: wanted },
          mode: '0644',
          label: `pin the driver packages to ${given.version}`,
        }
  const diffs = pinning ? [{ title: packagesPinFile, before: pin ?? '', after: wanted }] : []
  const change = work && planChange(request(given), work, options)
  if (!install && change?.refusal === undefined) return pinning ? actions([pinning], { diffs }) : done()
  if (change === undefined || due.length === 0) {
    const list = [...(pinning ? [pinning] : []), ...builds(seen)]
    return list.length > 0 ? actions(list, { diffs }) : done()
  }
  // Only with the pin does apt choose this version for dependencies that are not installed yet.
  if (change.refusal?.code === 'unmet-dependencies' && pinning)
    return actions([pinning], { diffs, stage: 'pin the driver packages' })
  if (change.refusal) return change
  return {
    ...change,
    actions: [...(pinning ? [pinning] : []), ...change.actions],
    diffs: [...diffs, ...change.diffs],
  }
}

/** Debian's packages build only for kernels whose headers are installed (/usr/lib/dkms/common.postinst). */
function builds({ unbuilt: { kernel, trees } }: Seen): readonly Action[] {
  return trees.map(({ name, version }): Action => {
    return {
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
    }
  })
}

function notOffered({ version }: Args, { lacking }: Seen): Refusal | undefined {
  const [first] = lacking
  if (first === undefined) return undefined
  const [name, versions] = first
  const others = [...new Set(versions.map(upstreamVersion))]
  return {
    code: 'version-not-offered',
    message: `no configured repository offers ${name} in version ${version}`,
    hint:
      others.length > 0
        ? `set nvidia_driver_version to one of the offered versions (${others.join(', ')}), or nvidia_host_source: run; \`apt-get update\` on the node finds newer ones`
        : "add Debian's components contrib, non-free and non-free-firmware or NVIDIA's repository to the node's apt sources, or set nvidia_host_source: run",
  }
}
