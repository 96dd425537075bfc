/**
 * The device nodes of the NVIDIA driver, as nvidia-modprobe and the driver's own libraries create them as
 * root. The kernel modules create none, and neither does udev.
 */
import { chmodSync, chownSync, lstatSync, mkdirSync, rmSync } from 'node:fs'
import { run, textOf } from './system.ts'

export interface DeviceNode {
  readonly path: string
  readonly major: number
  readonly minor: number
  /** Permission bits. */
  readonly mode: number
}

/** The front end's number; it is fixed in all versions. */
export const nvidiaMajor = 195
export const controlNode = { path: '/dev/nvidiactl', major: nvidiaMajor, minor: 255, mode: 0o666 } as const
export const modesetNode = {
  path: '/dev/nvidia-modeset',
  major: nvidiaMajor,
  minor: 254,
  mode: 0o666,
} as const

/**
 * The nodes that nvidia_drm registers for a card; names and numbers: `drm_minor_alloc` in the kernel's
 * drm_drv.c.
 */
export function drmNodes(number: number): readonly DeviceNode[] {
  return [
    { path: `/dev/dri/card${number}`, major: 226, minor: number, mode: 0o660 },
    { path: `/dev/dri/renderD${128 + number}`, major: 226, minor: 128 + number, mode: 0o660 },
  ]
}

export function gpuNode(minor: number): DeviceNode {
  return { path: `/dev/nvidia${minor}`, major: nvidiaMajor, minor, mode: 0o666 }
}

/** The number of the character device with this name in /proc/devices. */
export function majorOf(name: string): number | undefined {
  const found = new RegExp(`^ *([0-9]+) ${name}$`, 'm').exec(
    (textOf('/proc/devices') ?? '').split('Block devices:')[0] ?? '',
  )
  return found ? Number(found[1]) : undefined
}

/**
 * Creates the node, or corrects the number, owner or mode of an existing one. False where mknod is not
 * allowed.
 */
export function ensureNode({ path, major, minor, mode }: DeviceNode): boolean {
  const there = lstatSync(path, { throwIfNoEntry: false })
  const rdev = ((major & 0xfff) << 8) | (minor & 0xff) | ((minor & ~0xff) << 12)
  try {
    if (there === undefined || !there.isCharacterDevice() || there.rdev !== rdev) {
      if (there !== undefined) rmSync(path)
      mkdirSync(path.slice(0, path.lastIndexOf('/')), { recursive: true })
      if (run('mknod', [path, 'c', String(major), String(minor)]).status !== 0) return false
    } else if ((there.mode & 0o7777) === mode && there.uid === 0 && there.gid === 0) return true
    chmodSync(path, mode)
    chownSync(path, 0, 0)
    return true
  } catch {
    return false
  }
}
