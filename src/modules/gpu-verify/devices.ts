import type { SeenFile } from '../../host/host.ts'
import type { DeviceNode } from '../../nvidia/proc.ts'

/**
 * Describes a wrong device node. An existing path is not enough: a mount whose source was missing leaves an
 * empty file.
 */
export function deviceProblem(wanted: DeviceNode, has: SeenFile | undefined): string | undefined {
  const numbers = `${wanted.major}:${wanted.minor}`
  if (has === undefined) return `${wanted.path} (${numbers}) is missing`
  if (has.kind !== 'character') return `${wanted.path} is a ${has.kind}, not a device`
  if (has.major === wanted.major && has.minor === wanted.minor) return undefined
  return `${wanted.path} is ${has.major}:${has.minor}, not ${numbers}`
}
