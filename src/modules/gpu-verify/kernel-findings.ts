/** Whether each kernel of a node has the module of the installed driver, before a boot needs it. */
import { isUnknown } from '../../base/unknown.ts'
import type { Host } from '../../host/host.ts'
import type { Finding } from '../../host/plan.ts'
import { knownBadPair } from '../../nvidia/kernel-pairs.ts'
import {
  failedBuildFile,
  type Kernels,
  moduleVersion,
  nextKernel,
  readFailedBuild,
  readKernels,
  wantedKernels,
} from '../../nvidia/kernels.ts'
import type { Args } from './args.ts'

export interface KernelsSeen extends Kernels {
  /** The installed driver; undefined if there is none. */
  readonly driver: string | undefined
  /** Of all kernels that a boot may choose, the running one first. */
  readonly modules: readonly KernelModule[]
}

export interface KernelModule {
  readonly kernel: string
  /** Version of its module; undefined if it has none. */
  readonly version: string | undefined
  readonly headers: boolean
  /** Why DKMS could not build the installed driver for it; undefined if it could, or if nobody has tried. */
  readonly failedBuild: string | undefined
}

export async function readKernelModules(host: Host, driver: string | undefined): Promise<KernelsSeen> {
  const kernels = await readKernels(host)
  const wanted = driver === undefined ? [] : wantedKernels(kernels, 'all')
  const modules = await Promise.all(
    wanted.map(async (kernel): Promise<KernelModule> => {
      const [version, headers, failedBuild] = await Promise.all([
        host.ask(moduleVersion({ kernel })),
        host.maybe(host.stat(`/lib/modules/${kernel}/build`, { follow: true })),
        readFailedBuild(host, { kernel, version: driver ?? '' }),
      ])
      return { kernel, version, headers: isUnknown(headers) || headers !== undefined, failedBuild }
    }),
  )
  return { ...kernels, driver, modules }
}

/**
 * The kernels that lack the module. Empty if modinfo does not find the module of the running kernel, although
 * it is loaded: then it was not installed where modinfo looks.
 */
function lacking({ running, driver, modules }: KernelsSeen, loaded: boolean): readonly KernelModule[] {
  const current = modules.find(({ kernel }) => kernel === running)
  if (loaded && current?.version === undefined) return []
  return modules.filter(
    ({ kernel, version }) => version === undefined || (version !== driver && !(loaded && kernel === running)),
  )
}

/**
 * The lacking kernels that are findings: those that the run manages. A kernel that the driver is known not to
 * compile for counts only if it runs or boots next.
 */
export function kernelsWithoutModule(
  given: Args,
  seen: KernelsSeen,
  loaded: boolean,
): readonly KernelModule[] {
  const wanted = wantedKernels(seen, given.kernels)
  return lacking(seen, loaded).filter(
    ({ kernel }) => wanted.includes(kernel) && (matters(kernel, seen) || badPair(kernel, seen) === undefined),
  )
}

export function kernelFindings(
  missing: readonly KernelModule[],
  seen: KernelsSeen,
  fix: string,
): readonly Finding[] {
  return missing.map((module) => ({
    message: sentence(module.kernel, seen),
    cause: causeOf(module, seen),
    fix: fixOf(module, seen, fix),
  }))
}

/** The lacking kernels that are no findings. */
export function kernelWarnings(given: Args, seen: KernelsSeen, loaded: boolean): readonly string[] {
  const missing = kernelsWithoutModule(given, seen, loaded)
  return lacking(seen, loaded)
    .filter((module) => !missing.includes(module))
    .map((module) => `${sentence(module.kernel, seen)}: ${causeOf(module, seen)}`)
}

/** Whether the node runs this kernel, or boots it next. */
export function matters(kernel: string, seen: KernelsSeen): boolean {
  return kernel === seen.running || kernel === nextKernel(seen)
}

function badPair(kernel: string, { driver }: KernelsSeen): string | undefined {
  return driver === undefined ? undefined : knownBadPair(driver, kernel)
}

function sentence(kernel: string, seen: KernelsSeen): string {
  const role =
    kernel === seen.running ? ', which runs,' : matters(kernel, seen) ? ', which the next boot chooses,' : ''
  return `kernel ${kernel}${role} has no module of driver ${seen.driver ?? ''}`
}

function causeOf({ kernel, version, headers, failedBuild }: KernelModule, seen: KernelsSeen): string {
  if (version !== undefined) return `it has the module of driver ${version}`
  return (
    badPair(kernel, seen) ??
    failedBuild ??
    (headers ? 'the driver is not built for it' : 'its headers are not installed')
  )
}

function fixOf({ kernel, failedBuild }: KernelModule, seen: KernelsSeen, fix: string): string {
  const another = (why: string): string => `choose another driver, or ${why}`
  const instead =
    kernel === seen.running
      ? 'boot an older kernel'
      : `boot another kernel: proxmox-boot-tool kernel pin ${seen.running ?? ''}`
  if (badPair(kernel, seen) !== undefined) return another(instead)
  if (failedBuild !== undefined)
    return another(`correct the cause, remove ${failedBuildFile(kernel)}, and run: ${fix}`)
  return fix
}
