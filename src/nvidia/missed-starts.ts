/**
 * Containers with a GPU that start with their node, but could not, because no driver was loaded.
 * `roles/nvidia_host/files/nvidia-driver` writes the marks at each start.
 */
import { knownOr } from '../base/unknown.ts'
import type { Host } from '../host/host.ts'
import { parseContainerConfig } from '../proxmox/container-config.ts'
import { lockOf } from '../proxmox/device-entries.ts'

/** Deleted by the next boot; a mark also by the container's next start with a driver. */
const directory = '/run/gpuplay/without-driver'

export interface MissedStart {
  readonly ctid: string
  /** The kind of Proxmox's lock (`backup`, `snapshot`, ...); undefined if it has none. */
  readonly lock: string | undefined
}

/** Of the stopped containers with `onboot: 1`. */
export async function readMissedStarts(node: Host): Promise<readonly MissedStart[]> {
  const names = knownOr(await node.maybe(node.list(directory)), undefined) ?? []
  const ctids = names.filter((name) => /^\d+$/.test(name))
  const containers = await Promise.all(ctids.map((ctid) => node.container(ctid)))
  return ctids.flatMap((ctid, index) => {
    const container = containers[index]
    if (container?.status !== 'stopped') return []
    const config = parseContainerConfig(container.config)
    const onboot = config.current.settings.get('onboot') ?? ''
    // A boolean of Proxmox (`parse_boolean` of PVE::JSONSchema).
    return /^(1|on|yes|true)$/i.test(onboot) ? [{ ctid, lock: lockOf(config) }] : []
  })
}
