/** Reads everything that the plans of a container need, on its node. */
import { isUnknown, knownOr, type Unknown } from '../../base/unknown.ts'
import type { ContainerStatus, Host } from '../../host/host.ts'
import { owedStart } from '../../host/owed-starts.ts'
import { assignmentNotes } from '../../nvidia/assignment-note.ts'
import { knownGuests, managedGuests, resourcesFile } from '../../nvidia/high-availability.ts'
import { userspaceNote } from '../../nvidia/userspace-notes.ts'
import { readTasksOf } from '../../proxmox/active-tasks.ts'
import { parseContainerConfig } from '../../proxmox/container-config.ts'
import { findGuest, type GuestPlace } from '../../proxmox/find-guest.ts'
import {
  makingRecord,
  type MakingRecord,
  parseMakingRecord,
  recordDirectory,
} from '../../proxmox/half-made.ts'
import { rollbackRecord } from '../../proxmox/rollbacks.ts'
import { readStorages, type Storage, volumesOf } from '../../proxmox/storages.ts'
import { templateNote } from '../../proxmox/template-notes.ts'
import type { Args } from './args.ts'

export interface Seen {
  readonly node: string
  readonly ctid: string
  /** Undefined if the node has no such container. */
  readonly container: ContainerStatus | undefined
  /** Where else the cluster has the number; read only if the node has no such container. */
  readonly elsewhere: GuestPlace | undefined
  /** Set while a creation by gpuplay has not ended. */
  readonly record: MakingRecord | undefined
  readonly recordDirectory: boolean
  /** The types of Proxmox's running tasks of the container, and of the source of a clone. */
  readonly tasks: readonly string[]
  readonly storages: readonly Storage[]
  /** HA may know a guest and yet ignore it. */
  readonly highAvailability: 'none' | 'ignored' | 'managed'
  /** The container to clone; only read if there is something to create. Unknown if only the run creates it. */
  readonly source: ContainerStatus | Unknown | undefined
  readonly sourceElsewhere: GuestPlace | undefined
  /** False if the archive is missing; undefined if its storage has no directory on the node, or none is given. */
  readonly archive: boolean | undefined
  /** Of a template: what is noted about it; otherwise empty. */
  readonly description: string
  /** CTIDs of containers that share the blocks of this one's volumes; only read for `absent`. */
  readonly linkedClones: readonly string[]
  /** Files in which gpuplay keeps what it knows about this container; only read for `absent`. */
  readonly notes: readonly string[]
}

export async function probe(given: Args, { node, placement }: Host): Promise<Seen> {
  const ctid = given.ctid === '' ? (placement.ctid ?? '') : String(given.ctid)
  const clone = given.clone === undefined ? undefined : String(given.clone)
  const [container, recordText, directory, storages, resources] = await Promise.all([
    node.container(ctid),
    node.maybe(node.text(makingRecord(ctid))),
    node.stat(recordDirectory),
    readStorages(node),
    node.text(resourcesFile),
  ])
  const record = parseMakingRecord(knownOr(recordText, undefined) ?? '')
  const creates = container === undefined || record !== undefined
  const source = creates && clone !== undefined ? await node.maybe(node.container(clone)) : undefined
  const known = { resources: resources ?? '', ctid }
  return {
    node: node.name,
    ctid,
    container,
    elsewhere: container === undefined ? await findGuest(node, ctid) : undefined,
    record,
    recordDirectory: directory !== undefined,
    tasks: await readTasksOf(
      node,
      [ctid, record?.source, clone].filter((id) => id !== undefined),
    ),
    storages,
    highAvailability: highAvailabilityOf(known),
    source,
    sourceElsewhere:
      creates && clone !== undefined && source === undefined ? await findGuest(node, clone) : undefined,
    archive: creates ? await hasArchive(given, node, storages) : undefined,
    description: await noteOf(ctid, container, node),
    linkedClones: given.state === 'absent' && container ? await linkedClonesOf(ctid, container, node) : [],
    notes: given.state === 'absent' ? await notesOf(ctid, node) : [],
  }
}

function highAvailabilityOf({
  resources,
  ctid,
}: {
  readonly resources: string
  readonly ctid: string
}): Seen['highAvailability'] {
  if (managedGuests(resources).includes(ctid)) return 'managed'
  return knownGuests(resources).includes(ctid) ? 'ignored' : 'none'
}

async function hasArchive(
  { ostemplate }: Args,
  node: Host,
  storages: readonly Storage[],
): Promise<boolean | undefined> {
  const [, storage, name] = /^([^:]+):vztmpl\/([^/]+)$/.exec(ostemplate ?? '') ?? []
  const path = storages.find((each) => each.name === storage)?.path
  if (path === undefined || name === undefined) return undefined
  const file = await node.maybe(node.stat(`${path}/template/cache/${name}`, { follow: true }))
  return isUnknown(file) ? undefined : file !== undefined
}

/** A linked clone names the volume that it depends on: `local-zfs:basevol-900-disk-0/subvol-901-disk-0`. */
async function linkedClonesOf(
  ctid: string,
  { config }: ContainerStatus,
  node: Host,
): Promise<readonly string[]> {
  const parsed = parseContainerConfig(config)
  if (parsed.current.settings.get('template') !== '1') return []
  const bases = volumesOf(parsed.current).map(({ id }) => `${id}/`)
  const members = (await node.list('/etc/pve/nodes')) ?? []
  const found = await Promise.all(
    members.map(async (member) => {
      const directory = `/etc/pve/nodes/${member}/lxc`
      const names = ((await node.list(directory)) ?? []).filter((name) => /^\d+\.conf$/.test(name))
      const texts = await Promise.all(names.map((name) => node.text(`${directory}/${name}`)))
      return names.flatMap((name, index) => {
        const volumes = volumesOf(parseContainerConfig(texts[index] ?? '').current)
        return volumes.some(({ id }) => bases.some((base) => id.startsWith(base)))
          ? [name.replace('.conf', '')]
          : []
      })
    }),
  )
  return [...new Set(found.flat())].filter((other) => other !== ctid)
}

async function noteOf(ctid: string, container: ContainerStatus | undefined, node: Host): Promise<string> {
  if (parseContainerConfig(container?.config ?? '').current.settings.get('template') !== '1') return ''
  return (knownOr(await node.maybe(node.text(templateNote(ctid))), undefined) ?? '').trim()
}

async function notesOf(ctid: string, node: Host): Promise<readonly string[]> {
  const paths = [
    `${assignmentNotes}/${ctid}`,
    userspaceNote(ctid),
    owedStart(ctid),
    rollbackRecord(ctid),
    templateNote(ctid),
    makingRecord(ctid),
  ]
  const stats = await Promise.all(paths.map((path) => node.maybe(node.stat(path))))
  return paths.filter((_, index) => stats[index] !== undefined && !isUnknown(stats[index]))
}
