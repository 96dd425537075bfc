import type { Effect } from '../host/action.ts'
import type { Refusal } from '../host/plan.ts'
import { resource } from '../host/resource.ts'
import { knowsOption } from './installer.ts'

/**
 * The program of the role nvidia_host that loads and replaces the driver on a node
 * (`roles/nvidia_host/files/nvidia-driver`).
 */
export const helper = '/usr/local/lib/gpuplay/nvidia-driver'

/** The unit of the same role that runs nvidia-persistenced; the helper starts and stops it with the driver. */
export const persistenceUnit = 'gpuplay-nvidia-persistenced.service'

/** What the helper writes down about the driver that an installation replaces, until the new one is loaded. */
export const driverBefore = '/var/lib/gpuplay/v1/driver-before'

/** The version that was loaded when the installation of another one began; the helper deletes it when a driver is loaded. */
export const driverReplaced = '/var/lib/gpuplay/v1/driver-replaced'

/** The version that was loaded before the present one: where a rollback returns to. Written by the helper. */
export const driverPrevious = '/var/lib/gpuplay/v1/driver-previous'

/** The helper's notes of earlier drivers after it has loaded one. */
export const notesAfterLoad: readonly Effect[] = [
  { kind: 'file', name: driverBefore, becomes: { kind: 'absent' } },
  { kind: 'file', name: driverReplaced, becomes: { kind: 'absent' } },
  {
    kind: 'unknown',
    resources: [resource('file', driverPrevious)],
    why: 'an earlier action loads another driver',
  },
]

/** Contains `OLD NEW` after the driver could not be unloaded; deleted by the next boot. */
export const failedReloadFile = '/run/gpuplay/nvidia-reload-failed'

/** Whether replacing `loaded` with `version` has failed since the node booted. */
export function reloadFailed(text: string | undefined, loaded: string | undefined, version: string): boolean {
  return loaded !== undefined && text?.trim() === `${loaded} ${version}`
}

/** For a `.run` whose installer refuses to run while any driver is loaded: those before 545. */
export function driverInUse(version: string, loaded: string | undefined): Refusal | undefined {
  if (loaded === undefined || knowsOption(version, '--allow-installation-with-running-driver'))
    return undefined
  return {
    code: 'driver-in-use',
    message: `the installer of ${version} refuses to run while ${loaded} is loaded`,
    hint: `stop the programs that use the GPUs, run \`${helper} unload\` on the node, then run again`,
    exitCode: 6,
  }
}
