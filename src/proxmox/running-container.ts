/**
 * The actual devices of a running container, read from its node: needs no shell inside and no stored state.
 */
import type { SeenFile, Host } from '../host/host.ts'

export interface RunningDevice {
  /** In the container. */
  readonly path: string
  /** Undefined if the mount exists, but its device node does not. */
  readonly status: SeenFile | undefined
}

/**
 * The NVIDIA device nodes that a container was started with. LXC mounts each of them, so the mount table of
 * the container's first process lists them; nodes created inside later are not mounts. Empty for a container
 * that does not run.
 */
export async function containerDevices(
  node: Host,
  pid: number | undefined,
): Promise<readonly RunningDevice[]> {
  if (pid === undefined) return []
  const table = (await node.text(`/proc/${pid}/mountinfo`)) ?? ''
  const paths = mountPoints(table).filter((path) => path.startsWith('/dev/nvidia'))
  const found = await Promise.all(paths.map((path) => node.stat(`/proc/${pid}/root${path}`)))
  return paths.map((path, index) => ({ path, status: found[index] }))
}

/** Mount points in a `/proc/PID/mountinfo` (proc(5)), each once, as that process sees them. */
export function mountPoints(mountinfo: string): readonly string[] {
  const points = mountinfo.split('\n').flatMap((line) => line.split(' ')[4] ?? [])
  return [...new Set(points)].map((point) =>
    point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
  )
}

/**
 * The node's ID for an ID of the container, from `/proc/PID/uid_map` (or gid_map): lines `INSIDE OUTSIDE
 * COUNT`.
 */
export function mappedId(map: string, id: number): number {
  for (const line of map.split('\n')) {
    const [inside, outside, count] = line.trim().split(/\s+/).map(Number)
    if (inside === undefined || outside === undefined || count === undefined) continue
    if (id >= inside && id < inside + count) return outside + (id - inside)
  }
  return id
}
