/**
 * The actual devices of a running container, read from its node: needs no shell inside and no stored state.
 *
 * The container's root may plant links at any path inside. The node must not follow them: an absolute link
 * below `/proc/PID/root` leads to the node's own files.
 */
import { defined, mapped } from '../base/defined.ts'
import type { FileStatus, Host } from '../host/host.ts'
import { one, questionAbout } from '../host/question.ts'

export type DeviceStatus = Pick<FileStatus, 'kind' | 'mode' | 'uid' | 'gid' | 'major' | 'minor'>

export interface RunningDevice {
  /** In the container. */
  readonly path: string
  /** Undefined if the mount exists, but its device node does not. */
  readonly status: DeviceStatus | undefined
}

/**
 * The device nodes of NVIDIA and in /dev/dri that a container was started with. LXC mounts each of them, so
 * the mount table of the container's first process lists them; nodes created inside later are not mounts.
 * Empty for a container that does not run.
 */
export async function containerDevices(
  node: Host,
  pid: number | undefined,
): Promise<readonly RunningDevice[]> {
  if (pid === undefined) return []
  const [paths, found] = await Promise.all([mountedDevices(node, pid), node.ask(devicesOf(pid))])
  return paths.map((path) => ({ path, status: found.get(path) }))
}

/** The paths of `containerDevices`. */
export async function mountedDevices(node: Host, pid: number | undefined): Promise<readonly string[]> {
  if (pid === undefined) return []
  const table = (await node.text(`/proc/${pid}/mountinfo`)) ?? ''
  return mountPoints(table).filter((path) => /^\/dev\/(nvidia|dri\/)/.test(path))
}

const kinds: Readonly<Record<string, FileStatus['kind']>> = {
  f: 'file',
  d: 'directory',
  l: 'link',
  c: 'character',
  b: 'block',
  p: 'fifo',
  s: 'socket',
}

/**
 * The files below `/dev` of a process's root whose names begin with `nvidia`, and those in `/dev/dri`, by
 * path. `find` opens each directory relative to the one above it and follows no link (`FTS_PHYSICAL` in
 * gnulib's fts.c), so nothing can be exchanged for a link in between. `-ls` alone prints device numbers,
 * `-printf` alone numeric owners.
 */
export const devicesBelow = questionAbout({
  words: [
    'find',
    one('root', /\/proc\/[1-9]\d{0,9}\/root\//),
    '-mindepth',
    '1',
    '(',
    '-path',
    one('directory', /\/proc\/[1-9]\d{0,9}\/root\/dev/),
    '-o',
    '-regex',
    one('devices', /\/proc\/[1-9]\d{0,9}\/root\/dev\/\\\(nvidia\\\|dri\\\)\[-0-9A-Za-z_\/\]\*/),
    '-printf',
    String.raw`%y %m %U %G /%P\n`,
    '-ls',
    ')',
    '-o',
    '-prune',
  ],
  reads: ({ directory }) => [`file:${directory}/*`],
  parse: ({ stdout }): ReadonlyMap<string, DeviceStatus> => {
    const found = new Map<string, DeviceStatus>()
    const lines = stdout.split('\n')
    for (let index = 0; index + 1 < lines.length; index += 2) {
      const fields = /^([a-zA-Z?]) ([0-7]{1,4}) (\d{1,10}) (\d{1,10}) (\/dev\/(?:nvidia|dri)[-\w/]*)$/.exec(
        lines[index] ?? '',
      )
      const [, letter = '', mode = '', uid = '', gid = '', path = ''] = fields ?? []
      const kind = kinds[letter]
      if (fields === null || kind === undefined)
        throw new Error(`find printed ${JSON.stringify((lines[index] ?? '').slice(0, 100))}`)
      const [, major, minor] =
        /^ *\d+ +\d+ [bc]\S{9} .* (\d{1,10}), +(\d{1,10}) /.exec(lines[index + 1] ?? '') ?? []
      found.set(path, {
        kind,
        mode: mode.padStart(4, '0'),
        uid: Number(uid),
        gid: Number(gid),
        ...defined({ major: mapped(major, Number), minor: mapped(minor, Number) }),
      })
    }
    return found
  },
})

function devicesOf(pid: number): ReturnType<typeof devicesBelow> {
  const root = `/proc/${pid}/root/`
  return devicesBelow({
    root,
    directory: `${root}dev`,
    devices: String.raw`${root}dev/\(nvidia\|dri\)[-0-9A-Za-z_/]*`,
  })
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
    if (!/^\s*\d+\s+\d+\s+\d+\s*$/.test(line)) continue
    const [inside = 0, outside = 0, count = 0] = line.trim().split(/\s+/).map(Number)
    if (id >= inside && id < inside + count) return outside + (id - inside)
  }
  return id
}
