/**
 * The driver and its devices as programs see them: the loaded version, the cards, and the nodes that open.
 */
import { closeSync, openSync, statSync } from 'node:fs'
import type { DeviceNode } from './device-nodes.ts'
import { hardwareFile } from './kernel-state.ts'
import type { DrivenGpu } from './proc-nvidia.ts'
import { textOf } from './system.ts'

/** Opens a node. The lab's nodes have no driver, so ENXIO means that the kernel and the cgroup allowed it. */
export function tryOpen({ path, major, minor }: DeviceNode): 'open' | 'absent' | 'EPERM' | 'EACCES' {
  const there = statSync(path, { throwIfNoEntry: false })
  if (there === undefined || !there.isCharacterDevice() || there.rdev !== major * 256 + minor) return 'absent'
  try {
    closeSync(openSync(path, 'r+'))
    return 'open'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    return code === 'EPERM' || code === 'EACCES' ? code : 'open'
  }
}

export function moduleVersion(): string | undefined {
  return /Kernel Module(?: for \S+)?\s+([0-9.]+)/.exec(textOf('/proc/driver/nvidia/version') ?? '')?.[1]
}

export function hardware(): readonly DrivenGpu[] {
  return JSON.parse(textOf(`/proc/${hardwareFile}`) ?? '[]')
}
