/** What a running container really has, seen from its node: no shell inside it is needed, and nothing is remembered. */
import type { SeenFile, Host } from '../host/host.ts'

export interface RunningDevice {
  /** In the container. */
  readonly path: string
  /** undefined: the mount is there, the node behind it is not. */
  readonly status: SeenFile | undefined
}

/**
 * The NVIDIA device nodes that a container was started with. LXC mounts each of them, so the mount table of the container's first
 * process names them; nodes that somebody made inside since then are no mounts. None for a container that does not run.
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

/** An id of the container as its node counts, from `/proc/PID/uid_map` (or gid_map): lines `INSIDE OUTSIDE COUNT`. */
export function mappedId(map: string, id: number): number {
  for (const line of map.split('\n')) {
    const [inside, outside, count] = line.trim().split(/\s+/).map(Number)
    if (inside === undefined || outside === undefined || count === undefined) continue
    if (id >= inside && id < inside + count) return outside + (id - inside)
  }
  return id
}
