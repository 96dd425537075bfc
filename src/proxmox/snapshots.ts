/**
 * Snapshots in a container's configuration, and what Proxmox VE makes of it when one is taken, deleted or
 * rolled back (`PVE::AbstractConfig` of pve-guest-common). Pure.
 */
import type { ConfigSection, ContainerConfig } from './container-config.ts'
import { withCurrent } from './pct-actions.ts'
import { volumesOf } from './storages.ts'

export interface TakenSnapshot {
  readonly name: string
  readonly section: ConfigSection
  /** Without a newline at its end. */
  readonly description: string
  /** Seconds since 1970. */
  readonly time: number
  /** `prepare` or `delete` while it is taken or deleted, and after that was interrupted. */
  readonly incomplete: string | undefined
}

/** Oldest first. */
export function snapshotsOf({ snapshots }: ContainerConfig): readonly TakenSnapshot[] {
  return [...snapshots]
    .map(([name, section]) => ({
      name,
      section,
      description: section.description.replace(/\n+$/, ''),
      time: Number(section.settings.get('snaptime') ?? 0),
      incomplete: section.settings.get('snapstate'),
    }))
    .toSorted((a, b) => a.time - b.time)
}

/** The names of the snapshots to which a rollback is possible, oldest first. */
export function completeSnapshots(config: ContainerConfig): readonly string[] {
  return snapshotsOf(config).flatMap(({ name, incomplete }) => (incomplete === undefined ? [name] : []))
}

/** With a new snapshot of the current section. Its time is not the real one. */
export function withSnapshot(config: ContainerConfig, name: string, description: string): ContainerConfig {
  const saved = [...config.current.settings].filter(([key]) => !/^(?:unused\d+|lock)$/.test(key))
  const section: ConfigSection = {
    ...config.current,
    description: description === '' ? '' : `${description}\n`,
    settings: new Map([...saved, ['snaptime', '0']]),
  }
  const snapshots = new Map([...config.snapshots, [name, section] as const])
  return { ...withCurrent(config, [['parent', name]]), snapshots }
}

/** Without a snapshot; those that were taken after it get its parent. */
export function withoutSnapshot(config: ContainerConfig, name: string): ContainerConfig {
  const parent = config.snapshots.get(name)?.settings.get('parent')
  const relinked = ({ current, ...rest }: Pick<ContainerConfig, 'current'>): ConfigSection =>
    current.settings.get('parent') === name
      ? withCurrent({ ...config, ...rest, current }, [['parent', parent]]).current
      : current
  const left = [...config.snapshots].filter(([other]) => other !== name)
  return {
    ...config,
    current: relinked(config),
    snapshots: new Map(left.map(([other, section]) => [other, relinked({ current: section })])),
  }
}

/**
 * After a rollback: everything as in the snapshot, except for the notes, the unused volumes and the list of
 * snapshots. Pending changes are lost. Volumes that the snapshot does not have become unused, under numbers
 * that this function does not predict: then it returns undefined.
 */
export function rolledBack(config: ContainerConfig, name: string): ContainerConfig | undefined {
  const snapshot = config.snapshots.get(name)
  if (snapshot === undefined || lostVolumes(config, name).length > 0) return undefined
  const unused = [...config.current.settings].filter(([key]) => key.startsWith('unused'))
  const saved = [...snapshot.settings].filter(([key]) => !/^(?:snaptime|snapstate|unused\d+)$/.test(key))
  return {
    ...config,
    current: {
      ...snapshot,
      description: config.current.description,
      settings: new Map([...saved, ['parent', name], ...unused]),
    },
    pending: { description: '', settings: new Map(), deletes: [], lxc: [], entries: [] },
  }
}

/** Keys of volumes that the container has and the snapshot has not. */
export function lostVolumes({ current, snapshots }: ContainerConfig, name: string): readonly string[] {
  const snapshot = snapshots.get(name)
  const saved = new Set(snapshot === undefined ? [] : volumesOf(snapshot).map(({ id }) => id))
  return volumesOf(current).flatMap(({ key, id, storage }) =>
    storage === undefined || key.startsWith('unused') || saved.has(id) ? [] : [key],
  )
}
