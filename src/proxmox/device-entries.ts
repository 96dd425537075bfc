/** The device nodes in a container's configuration, in both forms of Proxmox VE. */
import type { ConfigEntry, ContainerConfig } from './container-config.ts'
import { properties } from './container-settings.ts'

export interface DeviceEntry {
  readonly style: 'devn' | 'lxc'
  /** The node's path, which is also its path in the container. */
  readonly path: string
  /**
   * Mode in octal of the container's device node. Undefined for a bind mount, which shows the node's inode.
   */
  readonly mode: string | undefined
  /** ID in the container. */
  readonly uid: number | undefined
  readonly gid: number | undefined
  readonly entry: ConfigEntry
}

/** Devices of the current section. */
export function deviceEntries(config: ContainerConfig): readonly DeviceEntry[] {
  return devicesIn(config.current.entries)
}

/** Devices in these lines; the last of a duplicate `devN` applies. */
export function devicesIn(entries: readonly ConfigEntry[]): readonly DeviceEntry[] {
  return entries.flatMap((entry): readonly DeviceEntry[] => {
    if (/^dev\d+$/.test(entry.key)) {
      if (entries.some((other) => other.key === entry.key && other.line > entry.line)) return []
      const parts = properties(entry.value, 'path')
      const path = parts.get('path')
      if (path === undefined) return []
      const [uid, gid] = [numeric(parts.get('uid')), numeric(parts.get('gid'))]
      // pve-container's default is 0660 root:root.
      return [{ style: 'devn', path, mode: parts.get('mode') ?? '0660', uid: uid ?? 0, gid: gid ?? 0, entry }]
    }
    if (entry.key !== 'lxc.mount.entry') return []
    const [source = ''] = entry.value.split(/\s+/)
    if (!source.startsWith('/dev/')) return []
    return [{ style: 'lxc', path: source, mode: undefined, uid: undefined, gid: undefined, entry }]
  })
}

/**
 * Whether the container's root is another user on the node. Proxmox VE counts a container with its own ID map
 * as unprivileged, too.
 */
export function isUnprivileged({ current }: ContainerConfig): boolean {
  return current.settings.get('unprivileged') === '1' || current.lxc.some(({ key }) => key === 'lxc.idmap')
}

/** The word after `lock:` while Proxmox works on the container (backup, snapshot, ...). */
export function lockOf(config: ContainerConfig): string | undefined {
  return config.current.settings.get('lock')
}

/** How to fix a stale lock of a guest, which a killed task leaves. */
export function unlockHint(id: string, tool: 'pct' | 'qm' = 'pct'): string {
  return `run again when that task has finished; if the node's task log shows no running task, remove the lock with \`${tool} unlock ${id}\``
}

function numeric(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined
}
