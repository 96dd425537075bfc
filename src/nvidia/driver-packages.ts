import type { Host } from '../host/host.ts'
import { type PackageRow, packageStates } from '../host/questions/packages.ts'

/**
 * The NVIDIA driver packages of Debian and of NVIDIA's apt repository, as shell patterns for apt and dpkg.
 */
export const driverPackagePatterns = [
  'cuda-drivers*',
  'firmware-nvidia-gsp*',
  'libcuda1*',
  'libnvcuvid1*',
  'libnvidia-*',
  'libnvoptix1*',
  'nvidia-alternative*',
  'nvidia-compute-utils*',
  'nvidia-dkms*',
  'nvidia-driver*',
  'nvidia-firmware*',
  'nvidia-headless*',
  'nvidia-installer-cleanup',
  'nvidia-kernel*',
  'nvidia-legacy*',
  'nvidia-modprobe*',
  'nvidia-open*',
  'nvidia-persistenced*',
  'nvidia-smi*',
  'nvidia-tesla*',
  'nvidia-utils*',
  'xserver-xorg-video-nvidia*',
] as const

/**
 * Packages that match a pattern above, but are not part of a driver: NVIDIA's container tools work with any
 * driver.
 */
const noDriver = ['libnvidia-container*', 'libnvidia-egl-wayland*', 'libnvidia-egl-gbm*']

/**
 * Whether a package is part of an NVIDIA driver. Never true for kernels, Proxmox's packages, the CUDA toolkit
 * or NVIDIA's container tools.
 */
export function isDriverPackage(name: string): boolean {
  const plain = name.replace(/:[a-z0-9]+$/, '')
  return (
    driverPackagePatterns.some((pattern) => matches(plain, pattern)) &&
    !noDriver.some((p) => matches(plain, p))
  )
}

/**
 * Preferences that prevent apt from installing these packages, even as a dependency (apt_preferences(5)). Of
 * several records for one package the first applies, so packages outside the driver come first, with apt's
 * default priority.
 */
export const driverPin = [
  '# Written by gpuplay: the NVIDIA driver here is from a .run, and packages of another one would break it.',
  `Package: ${noDriver.join(' ')}`,
  'Pin: release *',
  'Pin-Priority: 500',
  '',
  `Package: ${driverPackagePatterns.join(' ')}`,
  'Pin: release *',
  'Pin-Priority: -1',
  '',
].join('\n')

/** The installed driver packages. @throws UnknownError, HostError */
export async function readDriverPackages(host: Host): Promise<readonly string[]> {
  return installedDriverPackages(await host.ask(packageStates({ patterns: driverPackagePatterns })))
}

/** Ignores removed packages whose configuration remains. */
export function installedDriverPackages(rows: readonly PackageRow[]): readonly string[] {
  const names = rows.flatMap(({ status, name }) => {
    const there = status !== 'not-installed' && status !== 'config-files'
    return there && isDriverPackage(name) ? [name] : []
  })
  return [...new Set(names)].sort()
}

function matches(name: string, pattern: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern
}
