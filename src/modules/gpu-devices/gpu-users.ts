/** Which containers of a node have a GPU, by configuration or while running. */
import type { Host } from '../../host/host.ts'
import { parseContainerConfig } from '../../proxmox/container-config.ts'
import { deviceEntries } from '../../proxmox/device-entries.ts'
import { mountedDevices } from '../../proxmox/running-container.ts'

export interface GpuUser {
  readonly ctid: string
  readonly minor: number
  /** "is configured with", "still runs with" */
  readonly why: string
}

/**
 * Containers other than `ctid` that have one of these GPUs. A running container loses a GPU only when it
 * restarts.
 */
export async function gpuUsers(
  node: Host,
  ctid: string,
  minors: readonly number[],
): Promise<readonly GpuUser[]> {
  const names = (await node.list('/etc/pve/lxc')) ?? []
  const others = names.flatMap((name) => /^(\d+)\.conf$/.exec(name)?.[1] ?? []).filter((id) => id !== ctid)
  const users = await Promise.all(others.map((other) => usesOf(node, other, minors)))
  return users.flat()
}

async function usesOf(node: Host, ctid: string, minors: readonly number[]): Promise<readonly GpuUser[]> {
  const container = await node.container(ctid)
  if (container === undefined) return []
  const configured = deviceEntries(parseContainerConfig(container.config)).map(({ path }) => path)
  const running = await mountedDevices(node, container.pid)
  return minors.flatMap((minor) => {
    const path = `/dev/nvidia${minor}`
    if (configured.includes(path)) return [{ ctid, minor, why: 'is configured with' }]
    return running.includes(path) ? [{ ctid, minor, why: 'still runs with' }] : []
  })
}
