/**
 * Installs an NVIDIA driver on a node, with kernel modules built by DKMS for each kernel that needs them.
 * Does not load it: `nvidia_loaded` does. If another driver is installed and the new installation fails, the node's
 * helper installs that driver again from the cache, and the task fails.
 *
 * Success is judged by the installed state, not by the installer's output: it exits 0 if DKMS is missing or
 * its registration fails, and prints ERROR lines in runs that succeed.
 */
import { isUnknown, knownOr } from '../../base/unknown.ts'
import { sha256Of } from '../../host/content.ts'
import type { Action } from '../../host/action.ts'
import type { Host } from '../../host/host.ts'
import { actions, type Plan, type Refusal, refuse } from '../../host/plan.ts'
import { resource } from '../../host/resource.ts'
import { buildOutput } from '../../nvidia/dkms-trees.ts'
import {
  type DkmsState,
  dkmsState,
  dkmsStatus,
  installedModuleType,
  installedVersion,
  installerLog,
  installerOutput,
  failedInstallerOutput,
  type ModuleType,
  nodeOptions,
} from '../../nvidia/installer.ts'
import { type OtherKernel, readOtherKernels, withOtherKernels } from '../../nvidia/other-kernels.ts'
import { driverBefore, driverInUse, driverReplaced, helper } from '../../nvidia/reload.ts'
import { noEnrolledKey, readSecureBoot, type SecureBoot } from '../../nvidia/secure-boot.ts'
import { readUnsigned } from '../../nvidia/signing.ts'
import { isComplete, readUserspace } from '../../nvidia/userspace.ts'
import type { Module } from '../module.ts'
import { args, type Args, result } from './args.ts'
import { bootEffects, buildPlan } from './build.ts'
import { type Previous, readPrevious, readRunfile, type Runfile, workDirectory } from './runfiles.ts'

export interface Seen {
  /** Release of the running kernel; undefined in a dry run that reboots the node first. */
  readonly kernel: string | undefined
  /**
   * Version of the driver installed by a `.run`; undefined if there is none, also after predicted package
   * changes.
   */
  readonly installed: string | undefined
  /** Whether the user-space driver is complete: removed packages may have deleted parts of it. */
  readonly whole: boolean
  /** Undefined if DKMS is not installed or a dry run cannot know. */
  readonly dkms: DkmsState | undefined
  readonly moduleType: ModuleType | undefined
  readonly secureBoot: SecureBoot
  /** Kernels whose modules are not signed; empty unless Secure Boot is on and DKMS's key is enrolled. */
  readonly unsigned: readonly string[]
  /** Whether DKMS has the driver's source to build from. */
  readonly source: boolean
  /** Kernels besides the running one that need the driver. */
  readonly otherKernels: readonly OtherKernel[]
  readonly loaded: string | undefined
  readonly nouveau: boolean
  readonly runfile: Runfile | undefined
  /** The driver that the installation replaces, if its `.run` is in the cache. Read only if the installer must run. */
  readonly previous: Previous | undefined
}

export const nvidiaDriver = {
  name: 'nvidia_driver',
  summary: 'Installs an NVIDIA driver on a node from its `.run`, with DKMS.',
  args,
  result,
  exitCode: 5,
  probe,
  plan,
  report: (given, seen) => ({ options: optionsFor(given, seen) }),
} satisfies Module<Args, Seen>

async function probe(given: Args, host: Host): Promise<Seen> {
  const module = { name: 'nvidia', version: given.version }
  const running = await host.maybe(host.kernel())
  const kernel = isUnknown(running) ? undefined : running.release
  const [records, status, type, source, driver, nouveau, firmware] = await Promise.all([
    host.maybe(host.text(installerLog)),
    host.maybe(host.ask(dkmsStatus)),
    // Without the kernel release, the state of its modules is unknown.
    kernel === undefined ? undefined : host.maybe(host.ask(installedModuleType({ kernel }))),
    host.maybe(host.stat(`/usr/src/nvidia-${given.version}`)),
    host.kernelModule('nvidia'),
    host.kernelModule('nouveau'),
    host.maybe(readSecureBoot(host)),
  ])
  // Unknown only in a dry run, for a file that is not there: no package brings these records.
  const installed = !isUnknown(records) ? installedVersion(records ?? '') : undefined
  const dkms = isUnknown(status) ? undefined : status
  // Unknown only after a reboot in a dry run; there, nothing depends on the signature.
  const secureBoot = knownOr(firmware, 'off')
  const loaded = driver.loaded ? driver.version : undefined
  const seen = {
    kernel,
    installed,
    whole: await isWhole(given.version, { installed, loaded }, host),
    dkms: dkms !== undefined && kernel !== undefined ? dkmsState(dkms, module, kernel) : undefined,
    otherKernels: await readOtherKernels(
      module,
      { kernels: given.kernels ?? [], running: kernel, dkms },
      host,
    ),
    moduleType: knownOr(type, undefined),
    secureBoot,
    unsigned: await readUnsigned(module, { status: dkms, secureBoot }, host),
    source: !isUnknown(source) && source !== undefined,
    loaded,
    nouveau: nouveau.loaded,
  }
  if (isInstalled(given, seen)) return { ...seen, runfile: undefined, previous: undefined }
  const [runfile, previous] = await Promise.all([readRunfile(given, host), readPrevious(given, seen, host)])
  return { ...seen, runfile, previous }
}

/** A dry run that removes packages first assumes that the user-space driver goes with them. */
async function isWhole(
  version: string,
  { installed, loaded }: Pick<Seen, 'installed' | 'loaded'>,
  host: Host,
): Promise<boolean> {
  if (installed === version) return isComplete(await readUserspace(host), version)
  if (installed !== undefined || loaded !== version) return true
  const userspace = await host.maybe(readUserspace(host))
  return !isUnknown(userspace) && isComplete(userspace, version)
}

type Installed = Pick<Seen, 'installed' | 'whole' | 'moduleType'>

function isInstalled({ version, module_type: type, enforce_type: enforce }: Args, seen: Installed): boolean {
  if (seen.installed !== version || !seen.whole) return false
  return !enforce || seen.moduleType === undefined || seen.moduleType === type
}

function plan(given: Args, seen: Seen): Plan {
  const { version } = given
  if (isInstalled(given, seen) || loadedFromElsewhere(given, seen))
    return withOtherKernels(version, seen, buildPlan(given, seen))
  const problem = cannotInstall(given, seen)
  if (problem) return refuse(problem)
  // A dry run cannot know the headers that an earlier task installs; without them, the helper names the cause.
  const otherKernels = seen.otherKernels.map((kernel) => ({ ...kernel, headers: true }))
  return withOtherKernels(version, { ...seen, otherKernels }, actions([install(given, seen)]))
}

/**
 * The required version is loaded, but no `.run` left records: another tool installed it, and it works. After a
 * removal of packages, only their modules are still loaded.
 */
function loadedFromElsewhere({ version }: Args, { installed, loaded, whole }: Seen): boolean {
  return loaded === version && installed === undefined && whole
}

function cannotInstall(
  { version, runfile: path }: Args,
  { runfile, nouveau, loaded, secureBoot }: Seen,
): Refusal | undefined {
  if (secureBoot === 'no-key' || secureBoot === 'key-requested') return noEnrolledKey(secureBoot)
  if (nouveau)
    return {
      code: 'nouveau-loaded',
      message: 'nouveau is loaded, and the installer refuses to run while it is',
      hint: 'reboot the node: nouveau is blacklisted from the next boot on',
      exitCode: 6,
    }
  const inUse = driverInUse(version, loaded)
  if (inUse) return inUse
  const sha256 = runfile?.sha256
  if (runfile === undefined || isUnknown(sha256)) return undefined
  if (sha256 === undefined)
    return {
      code: 'runfile-missing',
      message: `${path} is not on the node`,
      hint: 'run the role runfile_cache before nvidia_host',
    }
  if (runfile.recorded !== sha256)
    return {
      code: 'runfile-checksum-mismatch',
      message: `${path} has changed since its checksum was verified`,
      hint: 'run the role runfile_cache again: it downloads the file again',
    }
  const needed = 3 * runfile.size
  const tight = runfile.free.work < needed ? workDirectory : runfile.free.usr < needed ? '/usr' : undefined
  if (tight === undefined) return undefined
  return {
    code: 'no-space',
    message: `not enough space in ${tight}: installing ${path} needs ${Math.ceil(needed / 1024 / 1024)} MiB`,
    hint: 'free some space, then run again',
  }
}

function install(given: Args, seen: Seen): Action {
  const { version, runfile, module_type: type, timeout } = given
  const options = optionsFor(given, seen)
  const kernel = seen.kernel ?? 'of the next boot'
  const another = exchange(given, seen)
  return {
    kind: 'run',
    argv: [...another, 'sh', runfile, ...options],
    environment: { TMPDIR: workDirectory },
    directory: workDirectory,
    timeout,
    detached: {
      name: 'nvidia-installer',
      fingerprint: fingerprint(version, type, kernel, ...options),
    },
    label: `install driver ${version} (${type} kernel modules)`,
    logs: [failedInstallerOutput, installerOutput, buildOutput({ name: 'nvidia', version })],
    hint: `see ${another.length === 0 ? '' : `${failedInstallerOutput} or `}${installerOutput} for the installer's output; the driver may be too old for kernel ${kernel}`,
    effects: [
      {
        kind: 'unknown',
        resources: [
          'file:/var/lib/nvidia/*',
          'file:/var/lib/dkms/*',
          'file:/usr/src/nvidia-*',
          'file:/usr/bin/nvidia-*',
          'file:/usr/lib/x86_64-linux-gnu/*',
          'file:/lib/modules/*',
          'file:/boot/initrd.img-*',
          resource('file', driverBefore),
          resource('file', driverReplaced),
          resource('file', installerOutput),
          resource('file', failedInstallerOutput),
        ],
        why: `an earlier action installs driver ${version}`,
      },
      { kind: 'command', name: 'nvidia-smi', becomes: { path: '/usr/bin/nvidia-smi' } },
      { kind: 'brings', what: `the NVIDIA driver ${version}` },
      ...bootEffects(version),
    ],
  }
}

/**
 * The words before the installer's command line if there is a driver already. The helper keeps loaded modules in
 * use, since the installer unloads idle ones, even under running containers. It installs the previous driver
 * again after a failure, and rebuilds each initramfs that holds the driver.
 */
function exchange(
  { version, module_type: wanted }: Args,
  { installed, loaded, moduleType, previous, secureBoot }: Seen,
): readonly string[] {
  if (installed === undefined && loaded === undefined) return []
  const back =
    previous === undefined
      ? []
      : [
          previous.version,
          previous.runfile,
          ...nodeOptions(previous.version, {
            moduleType: moduleType ?? wanted,
            beside: loaded !== undefined,
            sign: secureBoot === 'key-enrolled',
          }),
        ]
  return [helper, 'install', version, ...back, '--']
}

function optionsFor(
  { version, module_type: moduleType }: Args,
  { loaded, secureBoot }: Seen,
): readonly string[] {
  return nodeOptions(version, {
    moduleType,
    beside: loaded !== undefined,
    sign: secureBoot === 'key-enrolled',
  })
}

function fingerprint(...parts: readonly string[]): string {
  return sha256Of(parts.join('\0'))
}
