/** The driver as packages: which of them have the driver's version, and what holds them at it. */
import type { PackageRow } from '../host/questions/packages.ts'
import { driverPackagePatterns, installedDriverPackages } from './driver-packages.ts'
import type { ModuleType } from './installer.ts'

/** `1:535.261.03-1` -> `535.261.03`; a distribution's revision and epoch are no part of it. */
export function upstreamVersion(version: string): string {
  return version.replace(/^\d+:/, '').replace(/[-~+].*$/, '')
}

/**
 * Installed packages of the driver itself, by name, with their versions. Others have versions of their own:
 * nvidia-settings, nvidia-modprobe, glx-alternative-nvidia.
 */
export function packagedDriver(rows: readonly PackageRow[]): ReadonlyMap<string, string> {
  const names = new Set(installedDriverPackages(rows))
  const present = rows.filter(({ name }) => names.has(name))
  const versions = new Set(
    present.filter(({ name }) => isLeading(name)).map(({ version }) => upstreamVersion(version)),
  )
  return new Map(
    present.flatMap(({ name, version }) =>
      versions.has(upstreamVersion(version)) ? [[name, version] as const] : [],
    ),
  )
}

/** Packages whose version is that of the driver in every archive. */
function isLeading(name: string): boolean {
  return (
    moduleTypeOf(name) !== undefined || /^(?:libcuda1|libnvidia-ml1|libnvidia-compute(?:-.*)?)$/.test(name)
  )
}

/** Sources of the kernel modules, for DKMS: Debian's, NVIDIA's and Ubuntu's name. */
const kernelPackages: Readonly<Record<ModuleType, readonly string[]>> = {
  open: ['nvidia-open-kernel-dkms', 'nvidia-kernel-open-dkms', 'nvidia-dkms-open'],
  proprietary: ['nvidia-kernel-dkms', 'nvidia-dkms'],
}

/** The type of the kernel modules in a package; undefined if it contains none. */
export function moduleTypeOf(name: string): ModuleType | undefined {
  if (/^nvidia-(?:open-kernel|kernel-open)-dkms$|^nvidia-dkms-(?:.*-)?open$/.test(name)) return 'open'
  return /^nvidia-kernel-dkms$|^nvidia-dkms(?:-.*)?$/.test(name) ? 'proprietary' : undefined
}

/**
 * What a node without packages gets: kernel modules, libraries for CUDA and nvidia-smi. The first entry lists
 * the names that the kernel modules have in different archives.
 */
export function basicPackages(type: ModuleType): {
  readonly kernel: readonly string[]
  readonly user: readonly string[]
} {
  return { kernel: kernelPackages[type], user: ['libcuda1', 'nvidia-smi'] }
}

/** apt_preferences(5). */
export const packagesPinFile = '/etc/apt/preferences.d/gpuplay-nvidia-packages.pref'

/** Above 1000, so that apt goes back to this version as well. */
export function packagesPin(version: string): string {
  return [
    `# Written by gpuplay: keeps the NVIDIA driver from packages at the version that the inventory declares.`,
    `Package: ${driverPackagePatterns.join(' ')}`,
    `Pin: version ${version}-*`,
    'Pin-Priority: 1001',
    '',
  ].join('\n')
}
