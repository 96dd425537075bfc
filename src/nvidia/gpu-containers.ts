/** Which containers of a node use its GPUs and so lose them when the driver changes. */
import type { Host } from '../host/host.ts'
import { parseContainerConfig } from '../proxmox/container-config.ts'
import { deviceEntries, lockOf } from '../proxmox/device-entries.ts'

export interface GpuContainer {
  readonly ctid: string
  readonly hostname: string
  readonly running: boolean
  /** It never runs: a driver may change under it. */
  readonly template: boolean
  /** The kind of Proxmox's lock (`backup`, `snapshot`, ...); undefined if it has none. */
  readonly lock: string | undefined
  /** Names of its GPU device nodes, `nvidia0`; empty if it only has a device rule. */
  readonly gpus: readonly string[]
}

/** Containers of this node whose current configuration names an NVIDIA device. */
export async function readGpuContainers(host: Host): Promise<readonly GpuContainer[]> {
  const names = (await host.list('/etc/pve/lxc')) ?? []
  const ctids = names.flatMap((name) => /^(\d+)\.conf$/.exec(name)?.[1] ?? [])
  const containers = await Promise.all(ctids.map((ctid) => host.container(ctid)))
  return ctids.flatMap((ctid, index) => {
    const container = containers[index]
    if (!container || !namesNvidia(container.config)) return []
    const config = parseContainerConfig(container.config)
    const { settings } = config.current
    const hostname = settings.get('hostname') ?? ''
    const gpus = deviceEntries(config).flatMap(({ path }) => /^\/dev\/(nvidia\d+)$/.exec(path)?.[1] ?? [])
    return [
      {
        ctid,
        hostname,
        running: container.status === 'running',
        template: settings.get('template') === '1',
        lock: lockOf(config),
        gpus,
      },
    ]
  })
}

/**
 * Whether a configuration passes an NVIDIA device: with `devN`, a bind mount or a device rule for major 195.
 */
export function namesNvidia(config: string): boolean {
  return parseContainerConfig(config).current.entries.some(
    ({ key, value }) =>
      (/^(dev\d+|lxc\.mount\.entry)$/.test(key) && value.includes('/dev/nvidia')) ||
      (key === 'lxc.cgroup2.devices.allow' && value.startsWith('c 195:')),
  )
}

/** The containers that have a GPU, can run, and are not among `managed`. */
export function unmanaged(
  containers: readonly GpuContainer[],
  managed: readonly string[],
): readonly GpuContainer[] {
  return containers.filter(({ ctid, template }) => !template && !managed.includes(ctid))
}
