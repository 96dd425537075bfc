/** The driver as packages: which of them have the driver's version, and what holds them at it. */
import type { PackageRow } from '../host/questions/packages.ts'
import { driverPackagePatterns, installedDriverPackages, noDriver } from './driver-packages.ts'
import { branchOf } from './driver-version.ts'
import type { ModuleType } from './installer.ts'

/** `1:535.261.03-1` -> `535.261.03`; a distribution's revision and epoch are no part of it. */
export function upstreamVersion(version: string): string {
  return version.replace(/^\d+:/, '').replace(/[-~+].*$/, '')
}

/**
 * Installed packages of the driver itself. Others have versions of their own: nvidia-settings, nvidia-modprobe,
 * glx-alternative-nvidia.
 */
export function packagedDriver(rows: readonly PackageRow[]): readonly PackageRow[] {
  const names = new Set(installedDriverPackages(rows))
  const present = rows.filter(({ name }) => names.has(name))
  const versions = new Set(
    present.filter(({ name }) => isLeading(name)).map(({ version }) => upstreamVersion(version)),
  )
  return present.filter(({ version }) => versions.has(upstreamVersion(version)))
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

/**
 * What a container without packages gets, for CUDA, nvidia-smi, and coding of video; `graphics` adds OpenGL, EGL and
 * Vulkan. Each entry lists the names of one package in different archives: Debian's, Ubuntu's and NVIDIA's. From the
 * extracts in test/data/driver-packages, and for NVIDIA's repository from its installation guide.
 */
export function userspacePackages(
  version: string,
  { graphics }: { readonly graphics: boolean },
): readonly (readonly string[])[] {
  const branch = branchOf(version)
  const named = (
    debian: readonly string[],
    part: string,
    ...others: readonly string[]
  ): readonly string[] => [...debian, `${part}-${branch}`, `${part}-${branch}-server`, ...others]
  const library = (debian: string, part: string): readonly string[] =>
    named([debian], `libnvidia-${part}`, `libnvidia-${part}`)
  return [
    library('libcuda1', 'compute'),
    named(['nvidia-smi'], 'nvidia-utils', 'nvidia-driver-cuda'),
    library('libnvcuvid1', 'decode'),
    library('libnvidia-encode1', 'encode'),
    ...(graphics ? [library('nvidia-driver-libs', 'gl')] : []),
  ]
}

/** Whether a package contains kernel modules or their sources: a container has no use for it. */
export function isForKernel(name: string): boolean {
  return moduleTypeOf(name) !== undefined || isKernel(name) || /^linux-(?:modules|objects)-nvidia-/.test(name)
}

/** Whether a package is a kernel. */
export function isKernel(name: string): boolean {
  return /^(?:linux-image|proxmox-kernel|proxmox-default-kernel|pve-kernel)/.test(name)
}

/** apt_preferences(5). */
export const packagesPinFile = '/etc/apt/preferences.d/gpuplay-nvidia-packages.pref'

/** Parts of a driver that have versions of their own in Debian, with the tools around it. */
const ownVersions = [
  'glx-alternative-*',
  'glx-diversions',
  'nvidia-installer-cleanup',
  'nvidia-kernel-common',
  'nvidia-modprobe',
  'nvidia-persistenced',
  'nvidia-settings',
  'nvidia-support',
  'nvidia-xconfig',
  'update-glx',
] as const

/**
 * Allows the driver only in this version. Its priority is above 1000, so that apt goes back to this version as well.
 * Of several records for one version of a package the first applies.
 */
export function packagesPin(version: string): string {
  const all = driverPackagePatterns.join(' ')
  return [
    `# Written by gpuplay: allows the NVIDIA driver from packages only in the version that the inventory declares.`,
    `Package: ${[...noDriver, ...ownVersions].join(' ')}`,
    'Pin: release *',
    'Pin-Priority: 500',
    '',
    `Package: ${all}`,
    `Pin: version ${version}-*`,
    'Pin-Priority: 1001',
    '',
    `Package: ${all}`,
    'Pin: release *',
    'Pin-Priority: -1',
    '',
  ].join('\n')
}
