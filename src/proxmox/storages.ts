/**
 * The storages of a node, from /etc/pve/storage.cfg, and what they can do with the volumes of containers
 * (`volume_has_feature` of the plugins in pve-storage 9.1). Containers have volumes in the formats raw and
 * subvol only.
 */
import type { ConfigSection } from './container-config.ts'
import { properties } from './container-settings.ts'
import { type StoredSection, sections } from './section-file.ts'

export const storageFile = '/etc/pve/storage.cfg'

export interface Storage {
  readonly name: string
  /** `zfspool`, `dir`, ...; plugins can add others. */
  readonly type: string
  /** Its directory on the node, if it has one. */
  readonly path: string | undefined
  /** Kinds of content: `rootdir` (volumes of containers), `vztmpl` (archives to create them from), ... */
  readonly content: readonly string[]
}

/** The storages that are turned on. Proxmox VE always has `local`, also without the file. */
export function storagesIn(text: string): readonly Storage[] {
  const found = sections(text)
    .filter(({ values }) => !values.has('disable'))
    .map(storageOf)
  const local = found.find(({ name }) => name === 'local')
  if (local?.type === 'dir' && (local.path === undefined || local.path === builtIn.path))
    return found.map((storage) => (storage === local ? { ...local, path: builtIn.path } : storage))
  return [builtIn, ...found.filter(({ name }) => name !== 'local')]
}

const builtIn = {
  name: 'local',
  type: 'dir',
  path: '/var/lib/vz',
  content: ['backup', 'images', 'iso', 'rootdir', 'snippets', 'vztmpl'],
} as const satisfies Storage

function storageOf({ type, name, values }: StoredSection): Storage {
  return {
    name,
    type,
    path: values.get('path'),
    content: (values.get('content') ?? 'images,rootdir').split(/[,;\s]+/),
  }
}

/** A volume of a container, or a directory or device of its node. */
export interface Volume {
  /** `rootfs`, `mp0`. */
  readonly key: string
  /** `local-zfs:subvol-101-disk-0`, or a path. */
  readonly id: string
  /** Undefined for a path. */
  readonly storage: string | undefined
}

/** The volumes of a section, `unusedN` included. */
export function volumesOf({ settings }: Pick<ConfigSection, 'settings'>): readonly Volume[] {
  return [...settings].flatMap(([key, value]) => {
    if (!/^(?:rootfs|mp\d+|unused\d+)$/.test(key)) return []
    const id = properties(value, 'volume').get('volume')
    if (id === undefined) return []
    return [{ key, id, storage: id.startsWith('/') ? undefined : id.replace(/:.*/s, '') }]
  })
}

/** `linked from a snapshot`: a clone that shares the blocks of a snapshot; `linked`: those of a template. */
export type StorageFeature = 'snapshot' | 'template' | 'linked' | 'linked from a snapshot'

const directory: readonly StorageFeature[] = ['template']
const features: ReadonlyMap<string, readonly StorageFeature[]> = new Map([
  ['btrfs', ['snapshot', 'template', 'linked', 'linked from a snapshot']],
  ['cephfs', directory],
  ['cifs', directory],
  ['dir', directory],
  ['glusterfs', directory],
  ['lvm', []],
  ['lvmthin', ['snapshot', 'template', 'linked', 'linked from a snapshot']],
  ['nfs', directory],
  ['rbd', ['snapshot', 'template', 'linked', 'linked from a snapshot']],
  ['zfspool', ['snapshot', 'template', 'linked']],
])

/**
 * The volumes whose storage lacks the feature. Of a storage that this table or storage.cfg does not have,
 * Proxmox decides.
 */
export function lackingFeature(
  volumes: readonly Volume[],
  storages: readonly Storage[],
  feature: StorageFeature,
): readonly Volume[] {
  return volumes.filter(({ storage, key }) => {
    if (storage === undefined || key.startsWith('unused')) return false
    const type = storages.find(({ name }) => name === storage)?.type
    return type !== undefined && features.get(type)?.includes(feature) === false
  })
}

/** Whether a rollback is only possible to the last snapshot: ZFS would have to delete the later ones. */
export function rollsBackOnlyToLast(volumes: readonly Volume[], storages: readonly Storage[]): boolean {
  const used = new Set(volumes.map(({ storage }) => storage))
  return storages.some(({ name, type }) => type === 'zfspool' && used.has(name))
}
