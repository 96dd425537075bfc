/** Reasons why the user-space driver cannot be installed in a container. */
import type { Refusal } from '../../host/plan.ts'
import { unsupportedSystem } from '../../nvidia/supported-system.ts'
import type { Args } from './args.ts'
import type { Inside, PackagesPreparation, Platform, RunPreparation, Seen } from './seen.ts'

/** Space for the archive, its unpacked and its installed files, as a multiple of the archive's size. */
const roomNeeded = 4

/** Reasons that do not depend on the source. */
export function unfitPlatform({ ctid }: Seen, { os, architecture }: Platform): Refusal | undefined {
  const unsupported = unsupportedSystem(ctid, os)
  if (unsupported) return unsupported
  if (architecture !== 'amd64')
    return {
      code: 'wrong-architecture',
      message: `container ${ctid} is ${architecture || 'of an unknown architecture'}, but the node's driver is for amd64`,
      hint: 'use an amd64 container',
    }
  return undefined
}

export function runRefusal(
  { foreign }: Args,
  { ctid, node, loaded = '', inside }: Seen,
  { runfile, free }: RunPreparation,
): Refusal | undefined {
  const packages = inside?.driverPackages ?? []
  if (packages.length > 0 && foreign === 'refuse')
    return {
      code: 'foreign-driver',
      message: `container ${ctid} has a driver from packages, which conflicts with one from a .run: ${packages.join(', ')}`,
      hint: 'remove them yourself, set lxc_userspace_driver_foreign: remove to purge exactly these, or lxc_userspace_driver_source: apt to keep them',
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

/** A driver from a `.run` that may not be removed, or cannot. */
export function packagesRefusal(
  { foreign }: Args,
  { ctid }: Seen,
  { userspace }: Inside,
  { uninstaller }: PackagesPreparation,
): Refusal | undefined {
  const { logged } = userspace
  if (logged === undefined) return undefined
  if (foreign === 'refuse')
    return {
      code: 'driver-from-run',
      message: `container ${ctid} has driver ${logged} from a .run, which conflicts with packages`,
      hint: 'set lxc_userspace_driver_foreign: remove to remove it, or lxc_userspace_driver_source: run to keep it',
    }
  if (!uninstaller)
    return {
      code: 'no-uninstaller',
      message: `container ${ctid} has driver ${logged} from a .run, but not its program nvidia-uninstall`,
      hint: 'set lxc_userspace_driver_source: run, which installs it again with this program',
    }
  return undefined
}
