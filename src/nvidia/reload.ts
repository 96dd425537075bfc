/** The program that the role nvidia_host puts on a node, for what happens at boot and when a driver is replaced (`roles/nvidia_host/files/nvidia-driver`). */
export const helper = '/usr/local/lib/gpuplay/nvidia-driver'

/** Holds `OLD NEW` after the driver could not be unloaded; gone with the next boot. */
export const failedReloadFile = '/run/gpuplay/nvidia-reload-failed'

/** Whether unloading `loaded` in favour of `version` was tried since the node booted, and failed. */
export function reloadFailed(text: string | undefined, loaded: string | undefined, version: string): boolean {
  return loaded !== undefined && text?.trim() === `${loaded} ${version}`
}
