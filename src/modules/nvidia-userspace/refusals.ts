/** Reasons why the user-space driver cannot be installed in a container. */
import type { Refusal } from '../../host/plan.ts'
import { unsupportedSystem } from '../../nvidia/supported-system.ts'
import type { Args } from './args.ts'
import type { Preparation, Seen } from './seen.ts'

/** Space for the archive, its unpacked and its installed files, as a multiple of the archive's size. */
const roomNeeded = 4

export function refusalOf({ foreign }: Args, seen: Seen, preparation: Preparation): Refusal | undefined {
  const { ctid, node, loaded = '' } = seen
  const { os, architecture, driverPackages, runfile, free } = preparation
  const unsupported = unsupportedSystem(ctid, os)
  if (unsupported) return unsupported
  if (architecture !== 'amd64')
    return {
      code: 'wrong-architecture',
      message: `container ${ctid} is ${architecture || 'of an unknown architecture'}, but the node's .run is for amd64`,
      hint: 'use an amd64 container',
    }
  if (driverPackages.length > 0 && foreign === 'refuse')
    return {
      code: 'foreign-driver',
      message: `container ${ctid} has a driver from packages, which conflicts with one from a .run: ${driverPackages.join(', ')}`,
      hint: 'remove them yourself, or set lxc_userspace_driver_foreign: remove to purge exactly these',
    }
  if (runfile.sha256 === undefined)
    return {
      code: 'runfile-missing',
      message: `${node} has driver ${loaded} loaded, but no verified ${runfile.path}`,
      hint: `run nodes.yml for ${node}: it downloads that version to the node's cache`,
    }
  const needed = roomNeeded * runfile.size
  if (free < needed)
    return {
      code: 'no-space',
      message: `container ${ctid} has ${Math.floor(free / mebibyte)} MiB free, but the driver needs about ${Math.ceil(needed / mebibyte)} MiB`,
      hint: `enlarge its disk (pct resize ${ctid} rootfs +4G), or free some space`,
    }
  return undefined
}

const mebibyte = 1024 * 1024
