/** Compares a running container's devices with its configuration. Pure. */
import type { SeenFile } from '../../host/host.ts'
import type { DeviceEntry } from '../../proxmox/device-entries.ts'
import { type DeviceStatus, mappedId, type RunningDevice } from '../../proxmox/running-container.ts'

export interface RunningState {
  readonly configured: readonly DeviceEntry[]
  readonly running: readonly RunningDevice[]
  /** The Proxmox VE node's device nodes by path. */
  readonly nodes: ReadonlyMap<string, SeenFile | undefined>
  /** /proc/PID/uid_map and gid_map of the container. */
  readonly uidMap: string
  readonly gidMap: string
}

/** Returns one sentence for each device that a restart would fix. @throws UnknownError */
export function differences(state: RunningState): readonly string[] {
  const { configured, running, nodes } = state
  const found: string[] = []
  for (const { path, status } of running) {
    if (!configured.some((entry) => entry.path === path)) {
      if (status !== undefined) found.push(`it still has ${path}`)
    }
  }
  for (const entry of configured) {
    const { path } = entry
    const has = running.find((device) => device.path === path)?.status
    const node = nodes.get(path)
    if (has === undefined) found.push(`it does not have ${path} yet`)
    else if (has.kind !== 'character') found.push(`its ${path} is not a device`)
    else if (node && (has.major !== node.major || has.minor !== node.minor))
      found.push(`its ${path} is ${has.major}:${has.minor}, on the node it is ${node.major}:${node.minor}`)
    else found.push(...attributes(entry, has, state))
  }
  return [...new Set(found)]
}

/** Only `devN` sets mode and owner; a bind mount shows those of the node. */
function attributes(
  entry: DeviceEntry,
  has: DeviceStatus,
  { uidMap, gidMap }: RunningState,
): readonly string[] {
  if (entry.style === 'lxc') return []
  const found: string[] = []
  if (entry.mode !== undefined && has.mode !== entry.mode.padStart(4, '0'))
    found.push(`its ${entry.path} has mode ${has.mode}, not ${entry.mode}`)
  const uid = mappedId(uidMap, entry.uid ?? 0)
  const gid = mappedId(gidMap, entry.gid ?? 0)
  if (has.uid !== uid || has.gid !== gid)
    found.push(`its ${entry.path} belongs to ${has.uid}:${has.gid}, not ${uid}:${gid} (IDs on the node)`)
  return found
}
