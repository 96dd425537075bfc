/** The kernels of a node: which are installed, which one the next boot chooses, and which need the driver. */
import { isUnknown, knownOr } from '../base/unknown.ts'
import type { Host } from '../host/host.ts'
import { one, questionAbout } from '../host/question.ts'
import { moduleFileNames } from './dkms-trees.ts'
import { knownBadPair } from './kernel-pairs.ts'

export interface Kernels {
  /** `uname -r`; undefined in a dry run that reboots the node first. */
  readonly running: string | undefined
  /** Releases of the kernels in /boot. */
  readonly installed: readonly string[]
  /** `proxmox-boot-tool kernel pin`, also with `--next-boot`, which comes first. */
  readonly pinned: readonly string[]
}

/** Kernels that get the driver: `all` that a boot may choose, or only the `running` one. */
export type WantedKernels = 'all' | 'running'

const release = /[0-9][A-Za-z0-9.+~_-]*/

/** Both files contain one release: `proxmox-boot-tool kernel pin` of proxmox-kernel-helper writes them. */
const pinFiles = ['/etc/kernel/next-boot-pin', '/etc/kernel/proxmox-boot-pin']

export async function readKernels(host: Host): Promise<Kernels> {
  const [running, boot, ...pins] = await Promise.all([
    host.maybe(host.kernel()),
    host.maybe(host.list('/boot')),
    ...pinFiles.map((path) => host.maybe(host.text(path))),
  ])
  const installed = installedKernels(knownOr(boot, undefined) ?? [])
  const pinned = pins.flatMap((pin) => {
    const name = (knownOr(pin, undefined) ?? '').trim()
    return installed.includes(name) ? [name] : []
  })
  return { running: isUnknown(running) ? undefined : running.release, installed, pinned }
}

/** Kernel releases in a listing of /boot. */
export function installedKernels(boot: readonly string[]): readonly string[] {
  return boot
    .flatMap((name) => (name.startsWith('vmlinuz-') ? [name.slice('vmlinuz-'.length)] : []))
    .filter((name) => new RegExp(`^${release.source}$`).test(name))
    .sort(byNumbers)
}

/** The kernel that the next boot chooses: the pinned one, otherwise the newest. Undefined if /boot has none. */
export function nextKernel({ running, installed, pinned }: Kernels): string | undefined {
  return pinned[0] ?? installed.filter((kernel) => sameFamily(kernel, running)).at(-1)
}

/**
 * The kernels that need the driver, the running one first. `all`: also newer and pinned ones. Older kernels boot
 * only by hand, and often no repository has their headers any more.
 */
export function wantedKernels(kernels: Kernels, wanted: WantedKernels): readonly string[] {
  const running = kernels.running ?? nextKernel(kernels)
  if (running === undefined) return []
  if (wanted === 'running') return [running]
  const newer = kernels.installed.filter(
    (kernel) => sameFamily(kernel, running) && byNumbers(kernel, running) > 0,
  )
  return [...new Set([running, ...newer, ...kernels.pinned])]
}

/** The wanted kernels without those that the driver is known not to compile for; the running one always stays. */
export function buildableKernels(
  kernels: Kernels,
  { wanted, version }: { readonly wanted: WantedKernels; readonly version: string },
): readonly string[] {
  return wantedKernels(kernels, wanted).filter(
    (kernel) => kernel === kernels.running || knownBadPair(version, kernel) === undefined,
  )
}

/** `6.8` of `6.8.12-9-pve`: the name of the metapackages of its series. */
export function seriesOf(kernel: string): string {
  return kernel.split('.').slice(0, 2).join('.')
}

/**
 * Version of the NVIDIA module that a kernel has; undefined if it has none. modinfo prints a line for each name
 * that it finds.
 */
export const moduleVersion = questionAbout({
  words: ['modinfo', '-k', one('kernel', release), '-F', 'version', ...moduleFileNames],
  reads: () => ['file:/lib/modules/*', 'file:/usr/lib/modules/*', 'kernel:'],
  parse: ({ stdout }) => {
    const [version = ''] = stdout.trim().split('\n')
    return version === '' ? undefined : version
  },
})

/**
 * Contains one file for each kernel that DKMS could not build the driver for since the node booted: the driver's
 * version, a space, and the cause.
 */
const failedBuilds = '/run/gpuplay/nvidia-build-failed'

export function failedBuildFile(kernel: string): string {
  return `${failedBuilds}/${kernel}`
}

/** Why the driver could not be built for a kernel; undefined if it could, or if nobody has tried. */
export async function readFailedBuild(
  host: Host,
  { kernel, version }: { readonly kernel: string; readonly version: string },
): Promise<string | undefined> {
  const text = knownOr(await host.maybe(host.text(failedBuildFile(kernel))), undefined)?.trim() ?? ''
  return text.startsWith(`${version} `) ? text.slice(version.length + 1) : undefined
}

/** Proxmox's kernels, or Debian's. */
function sameFamily(kernel: string, other: string | undefined): boolean {
  return other === undefined || kernel.endsWith('-pve') === other.endsWith('-pve')
}

/** 6.8.12-9-pve is older than 6.8.12-10-pve. */
function byNumbers(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true })
}
