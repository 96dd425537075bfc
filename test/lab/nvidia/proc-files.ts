/** The texts of /proc/modules and /proc/devices. */
import { createHash } from 'node:crypto'
import { atLeast } from './version.ts'

export interface LoadedModule {
  /** In the kernel's spelling: `nvidia_uvm`. */
  readonly name: string
  readonly version: string
  readonly license: string
}

const sizes: Readonly<Record<string, number>> = {
  nvidia: 104083456,
  nvidia_uvm: 2158592,
  nvidia_modeset: 1814528,
  nvidia_drm: 139264,
  nouveau: 3096576,
}

/**
 * /proc/modules: newest first. The flags are the reasons for a taint: proprietary (P), out of tree (O),
 * unsigned (E).
 */
export function moduleList(
  loaded: readonly LoadedModule[],
  references: (name: string) => { readonly holders: readonly string[]; readonly count: number },
): string {
  return loaded
    .map(({ name, license }) => {
      const { holders, count } = references(name)
      const users = holders.length === 0 ? '-' : `${holders.join(',')},`
      const taint = license === 'NVIDIA' ? ' (POE)' : name.startsWith('nvidia') ? ' (OE)' : ''
      return `${name} ${sizes[name] ?? 49152} ${count} ${users} Live 0x0000000000000000${taint}\n`
    })
    .join('')
}

interface Counters {
  readonly boots: number
  readonly loads: number
}

/** Numbers that the kernel assigns when a module registers a device without a fixed number. */
export const dynamicMajors = {
  /** The devices of a module without a fixed number. */
  namesOf({ name, version }: LoadedModule): readonly string[] {
    if (name === 'nvidia_uvm') return ['nvidia-uvm']
    if (name !== 'nvidia') return []
    const imex = atLeast(version, '550') ? ['nvidia-caps-imex-channels'] : []
    return ['nvidia-nvlink', 'nvidia-nvswitch', 'nvidia-caps', ...imex]
  },

  /**
   * From 254 down to 234, then from 511 down to 384, as in the kernel. Skips numbers that the real kernel
   * uses, so opening the node finds no driver. The start of the search depends on node, boot and load. So a
   * number that somebody has stored is wrong the next time.
   */
  choose(node: string, { boots, loads }: Counters, device: string, realDevices: string): number {
    const used = new Set([...realDevices.matchAll(/^ *([0-9]+) /gm)].map((match) => Number(match[1])))
    const free = [...range(254, 234), ...range(511, 384)].filter((major) => !used.has(major))
    const order = [
      'nvidia-caps',
      'nvidia-nvlink',
      'nvidia-nvswitch',
      'nvidia-caps-imex-channels',
      'nvidia-uvm',
    ].indexOf(device)
    const hash = createHash('sha256').update(node).digest().readUInt16BE(0)
    return free[(hash + 11 * boots + 5 * loads + order) % free.length] ?? 511
  },
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: from - to + 1 }, (_, index) => from - index)
}

interface Devices {
  readonly loaded: readonly LoadedModule[]
  readonly majors: Readonly<Record<string, number>>
}

/**
 * /proc/devices: the lines of the real kernel and NVIDIA's character devices, in the order of their numbers.
 */
export function deviceList(real: string, { loaded, majors }: Devices): string {
  const [character = '', block = ''] = real.split(/\n(?=Block devices:)/)
  const lines = character
    .split('\n')
    .filter((line) => /^ *[0-9]+ /.test(line))
    .map((line) => ({ major: Number.parseInt(line, 10), name: line.trim().replace(/^[0-9]+ /, '') }))
  const nvidia = loaded.find(({ name }) => name === 'nvidia')
  if (nvidia !== undefined) {
    // 545.23.06 split the one front end into two registrations
    const names = atLeast(nvidia.version, '545.23.06') ? ['nvidia', 'nvidiactl'] : ['nvidia-frontend']
    if (loaded.some(({ name }) => name === 'nvidia_modeset')) names.unshift('nvidia-modeset')
    lines.push(...names.map((name) => ({ major: 195, name })))
  }
  lines.push(...Object.entries(majors).map(([name, major]) => ({ major, name })))
  const sorted = lines.toSorted((a, b) => a.major - b.major)
  return `Character devices:\n${sorted.map(({ major, name }) => `${String(major).padStart(3)} ${name}\n`).join('')}\n${block}`
}
