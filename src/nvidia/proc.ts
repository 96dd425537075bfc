/**
 * The files of the NVIDIA kernel modules in /proc. Formats: `nv-procfs.c` of NVIDIA/open-gpu-kernel-modules;
 * numbers of device nodes: `nv-chardev-numbers.h` there and `nvidia-modprobe-utils.h` of
 * NVIDIA/nvidia-modprobe.
 */

import { one, questionAbout } from '../host/question.ts'
import type { ModuleType } from './installer.ts'

export const versionFile = '/proc/driver/nvidia/version'
export const gpusDirectory = '/proc/driver/nvidia/gpus'
export const devicesFile = '/proc/devices'
/** The loaded version, on one line; absent if the module is not loaded. A container sees its node's. */
export const loadedVersionFile = '/sys/module/nvidia/version'

/** The major of /dev/nvidiaN, nvidiactl and nvidia-modeset; the only one that is fixed. */
export const nvidiaMajor = 195
export const controlMinor = 255

/** `/proc/driver/nvidia/gpus/ADDRESS/information` */
export function informationFile(pci: string): string {
  return `${gpusDirectory}/${pci}/information`
}

/** The version in /proc/driver/nvidia/version; undefined if the text is not recognized. */
export function parseDriverVersion(text: string): string | undefined {
  return /(?:Open )?Kernel Module(?: for \S+)?\s+([0-9]+(?:\.[0-9]+)+)/.exec(text)?.[1]
}

/** The type of the loaded kernel modules in /proc/driver/nvidia/version; undefined if the text is not recognized. */
export function parseModuleType(text: string): ModuleType | undefined {
  const found = /(Open )?Kernel Module/.exec(text)
  if (found === null) return undefined
  return found[1] === undefined ? 'proprietary' : 'open'
}

export interface GpuInformation {
  /** PCI address with domain, lower case: `0000:01:00.0`. */
  readonly pci: string
  readonly model: string
  /** Absent until the GPU has been opened once after the driver was loaded. */
  readonly uuid: string | undefined
  /** N in /dev/nvidiaN; undefined with old drivers that do not report it. */
  readonly minor: number | undefined
  /** The driver is configured to ignore it. */
  readonly excluded: boolean
}

/**
 * Reads /proc/driver/nvidia/gpus/ADDRESS/information. `pci` is the directory's name, used if the text has no
 * address.
 */
export function parseGpuInformation(pci: string, text: string): GpuInformation {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const colon = line.indexOf(':')
    if (colon > 0) fields.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim())
  }
  const uuid = fields.get('GPU UUID')
  const minor = fields.get('Device Minor')
  return {
    pci: (fields.get('Bus Location') ?? pci).toLowerCase(),
    model: fields.get('Model') ?? '',
    // This line is missing for a GPU that was never opened; some versions print question marks.
    uuid: uuid?.match(/^GPU-[0-9a-f-]{36}$/i)?.[0],
    minor: minor !== undefined && /^\d+$/.test(minor) ? Number(minor) : undefined,
    excluded: fields.get('GPU Excluded') === 'Yes',
  }
}

/**
 * The majors of the character devices in /proc/devices, by name: `nvidia-uvm` -> 511. A name listed twice
 * keeps its first.
 */
export function parseCharacterMajors(text: string): ReadonlyMap<string, number> {
  const majors = new Map<string, number>()
  for (const [major, name] of characterDevices(text)) if (!majors.has(name)) majors.set(name, major)
  return majors
}

/** All majors of character devices in /proc/devices. */
export function characterMajors(text: string): readonly number[] {
  return characterDevices(text).map(([major]) => major)
}

function characterDevices(text: string): readonly (readonly [major: number, name: string])[] {
  const characters = text.split(/^Block devices:/m, 1)[0]?.split(/^Character devices:/m)[1] ?? ''
  return [...characters.matchAll(/^[ \t]*(\d+) (\S+)[ \t]*$/gm)].map(([, major, name = '']) => [
    Number(major),
    name,
  ])
}

export interface DeviceNode {
  readonly path: string
  readonly major: number
  readonly minor: number
}

/**
 * The device nodes that CUDA needs besides those of the GPUs; those of nvidia-uvm only while it is loaded.
 */
export function sharedNodes(majors: ReadonlyMap<string, number>): readonly DeviceNode[] {
  const uvm = majors.get('nvidia-uvm')
  const control = { path: '/dev/nvidiactl', major: nvidiaMajor, minor: controlMinor }
  if (uvm === undefined) return [control]
  return [
    control,
    { path: '/dev/nvidia-uvm', major: uvm, minor: 0 },
    { path: '/dev/nvidia-uvm-tools', major: uvm, minor: 1 },
  ]
}

/**
 * Of nvidia_modeset, which OpenGL and Vulkan need to show pictures (`NV_MODESET_MINOR` in nvidia-modprobe).
 */
export const modesetNode: DeviceNode = { path: '/dev/nvidia-modeset', major: nvidiaMajor, minor: 254 }

/**
 * Whether the host may open a device node. The device rules of a container's cgroup apply at open(2), so the
 * device is opened; nothing is read. `denied`: by these rules (EPERM); `forbidden`: by the node's mode and owner
 * (EACCES); `failed`: it is allowed, but the driver behind the node cannot open it; `missing`: there is no node.
 */
export const opening = questionAbout({
  words: ['head', '-c', '0', one('path', /\/dev\/(nvidia[0-9a-z-]+|dri\/(card|renderD)[0-9]+)/)],
  reads: ({ path }) => [`file:${path}`],
  parse: ({ code, stderr }): Opening => {
    if (code === 0) return 'opens'
    if (stderr.includes('Permission denied')) return 'forbidden'
    if (stderr.includes('Operation not permitted')) return 'denied'
    return code === 1 && !stderr.includes('No such file') ? 'failed' : 'missing'
  },
})

type Opening = 'opens' | 'denied' | 'forbidden' | 'failed' | 'missing'

export function gpuNode(minor: number): DeviceNode {
  return { path: `/dev/nvidia${minor}`, major: nvidiaMajor, minor }
}
