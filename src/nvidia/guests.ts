/** Which containers of a node use its GPUs: those that a change of the driver disturbs. */
import type { Host } from '../host/host.ts'
import { parseContainerConfig } from '../proxmox/container-config.ts'

export interface GpuContainer {
  readonly ctid: string
  readonly hostname: string
  readonly running: boolean
}

/** Containers of this node whose current configuration names an NVIDIA device. */
export async function readGpuContainers(host: Host): Promise<readonly GpuContainer[]> {
  const names = (await host.list('/etc/pve/lxc')) ?? []
  const ctids = names.flatMap((name) => /^(\d+)\.conf$/.exec(name)?.[1] ?? [])
  const containers = await Promise.all(ctids.map((ctid) => host.container(ctid)))
  return ctids.flatMap((ctid, index) => {
    const container = containers[index]
    if (!container || !namesNvidia(container.config)) return []
    const hostname = parseContainerConfig(container.config).current.settings.get('hostname') ?? ''
    return [{ ctid, hostname, running: container.status === 'running' }]
  })
}

/** Whether a configuration gives its container an NVIDIA device, by `devN`, by a bind mount or by a device rule for major 195. */
export function namesNvidia(config: string): boolean {
  return parseContainerConfig(config).current.entries.some(
    ({ key, value }) =>
      (/^(dev\d+|lxc\.mount\.entry)$/.test(key) && value.includes('/dev/nvidia')) ||
      (key === 'lxc.cgroup2.devices.allow' && value.startsWith('c 195:')),
  )
}

/** The containers that have a GPU and are not among those that this run manages. */
export function unmanaged(
  containers: readonly GpuContainer[],
  managed: readonly string[],
): readonly GpuContainer[] {
  return containers.filter(({ ctid }) => !managed.includes(ctid))
}
