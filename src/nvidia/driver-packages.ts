import { globMatches } from '../apt/simulation.ts'
import type { Host } from '../host/host.ts'
import { type PackageRow, packageStates } from '../host/questions/packages.ts'

/**
 * The driver packages of Debian, Ubuntu and NVIDIA's apt repository, as shell patterns for apt and dpkg: the
 * whole closure of a driver, so that a purge takes no other package with it. From the extracts in
 * test/data/driver-packages, and for NVIDIA's repository from the lists of names in its installation guide.
 */
export const driverPackagePatterns = [
  'cuda-drivers*',
  'firmware-nvidia-gsp*',
  'firmware-nvidia-tesla*',
  // Debian's alternatives and diversions of OpenGL libraries, made for this driver only.
  'glx-alternative-*',
  'glx-diversions',
  'libcuda1*',
  'libcudadebugger1*',
  'libegl-nvidia*',
  'libegl1-nvidia*',
  'libgl1-nvidia*',
  'libgles-nvidia*',
  'libglx-nvidia*',
  'libnvcuvid1*',
  'libnvidia-*',
  'libnvoptix1*',
  // Ubuntu's modules for one kernel. Kernels have other names: linux-image-*, linux-nvidia.
  'linux-modules-nvidia-*',
  'linux-objects-nvidia-*',
  'linux-signatures-nvidia-*',
  'nvidia-alternative*',
  'nvidia-compute-utils*',
  'nvidia-cuda-mps*',
  'nvidia-dkms*',
  'nvidia-driver*',
  'nvidia-egl-*',
  'nvidia-firmware*',
  'nvidia-headless*',
  'nvidia-installer-cleanup',
  'nvidia-kernel*',
  'nvidia-legacy*',
  'nvidia-libopencl1*',
  'nvidia-modprobe*',
  'nvidia-nonglvnd-*',
  // nvidia-opencl-icd as well
  'nvidia-open*',
  'nvidia-persistenced*',
  'nvidia-powerd*',
  'nvidia-settings*',
  'nvidia-smi*',
  'nvidia-support*',
  'nvidia-suspend-common*',
  'nvidia-tesla*',
  'nvidia-utils*',
  'nvidia-vdpau-driver*',
  'nvidia-vulkan-*',
  'nvidia-xconfig*',
  'update-glx',
  'xserver-xorg-video-nvidia*',
] as const

/**
 * Packages that match a pattern above, but are not part of a driver: NVIDIA's container tools, GPUDirect
 * Storage and free EGL libraries work with any driver.
 */
export const noDriver = ['libnvidia-container*', 'libnvidia-egl-*', 'linux-modules-nvidia-fs-*']

/**
 * Whether a package is part of an NVIDIA driver. Never true for kernels, Proxmox's packages, the CUDA toolkit
 * or NVIDIA's container tools.
 */
export function isDriverPackage(name: string): boolean {
  return (
    driverPackagePatterns.some((pattern) => globMatches(pattern, name)) &&
    !noDriver.some((pattern) => globMatches(pattern, name))
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
