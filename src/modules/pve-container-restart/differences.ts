/** Compares a running container's devices with its configuration. Pure. */
import type { SeenFile } from '../../host/host.ts'
import type { DeviceNode } from '../../nvidia/proc.ts'
import type { ConfigEntry } from '../../proxmox/container-config.ts'
import { openingAccess } from '../../proxmox/device-cgroup.ts'
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
  /** Undefined if rules do not restrict it (unprivileged), or if it is unknown how it was started. */
  readonly rules: DeviceRules | undefined
}

export interface DeviceRules {
  /** The lines with which the container was started. */
  readonly started: readonly ConfigEntry[]
  /** Those of its configuration. */
  readonly configured: readonly ConfigEntry[]
  /** The nodes of all GPUs of the Proxmox VE node, in /dev and in /dev/dri. */
  readonly gpus: readonly DeviceNode[]
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
  return [...new Set([...found, ...ruleDifferences(state)])]
}

/**
 * Proxmox VE writes the rules of a `devN` itself, with the numbers of its device node. Raw lines have numbers of
 * their own: after a correction, the bind-mounted nodes look right, but the old rules still apply.
 */
function ruleDifferences({ rules, configured, running, nodes }: RunningState): readonly string[] {
  if (rules === undefined) return []
  const { started, configured: lines, gpus } = rules
  const mounted = configured.flatMap(({ style, path }): readonly DeviceNode[] => {
    const { major, minor } = nodes.get(path) ?? {}
    return style === 'devn' || major === undefined || minor === undefined ? [] : [{ path, major, minor }]
  })
  const refused = mounted.filter((device) => {
    const has = openingAccess(started, device)
    return openingAccess(lines, device).some((access) => !has.includes(access))
  })
  const known = [...configured, ...running].map(({ path }) => path)
  const open = gpus.filter((device) => {
    if (known.includes(device.path)) return false
    const wanted = openingAccess(lines, device)
    return openingAccess(started, device).some((access) => !wanted.includes(access))
  })
  const named = ({ path, major, minor }: DeviceNode): string => `${path} (${major}:${minor})`
  return [
    ...refused.map((device) => `it was started with device rules that refuse ${named(device)}`),
    ...open.map((device) => `it was started with device rules that allow ${named(device)}`),
  ]
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
