import { knownOr } from '../../base/unknown.ts'
import type { ContainerStatus, Host } from '../../host/host.ts'
import { managedGuests, resourcesFile } from '../../nvidia/high-availability.ts'
import { readTasksOf } from '../../proxmox/active-tasks.ts'
import { findGuest, type GuestPlace } from '../../proxmox/find-guest.ts'
import { rollbackDirectory, rollbackRecord } from '../../proxmox/rollbacks.ts'
import { type Storage, storageFile, storagesIn } from '../../proxmox/storages.ts'
import type { Args } from './args.ts'

export interface Seen {
  readonly node: string
  readonly ctid: string
  /** Undefined if the node has no such container. */
  readonly container: ContainerStatus | undefined
  readonly elsewhere: GuestPlace | undefined
  readonly storages: readonly Storage[]
  /** The types of Proxmox's running tasks of the container. */
  readonly tasks: readonly string[]
  readonly managedByHa: boolean
  /** Earlier rollbacks of the container. */
  readonly rollbacks: string
  readonly rollbackDirectory: boolean
}

export async function probe(given: Args, { node, placement }: Host): Promise<Seen> {
  const ctid = given.ctid === '' ? (placement.ctid ?? '') : String(given.ctid)
  const [container, storageText, tasks, resources, rollbacks, directory] = await Promise.all([
    node.container(ctid),
    node.text(storageFile),
    readTasksOf(node, [ctid]),
    node.text(resourcesFile),
    given.state === 'rollback' ? node.text(rollbackRecord(ctid)) : undefined,
    node.maybe(node.stat(rollbackDirectory)),
  ])
  return {
    node: node.name,
    ctid,
    container,
    elsewhere: container === undefined ? await findGuest(node, ctid) : undefined,
    storages: storagesIn(storageText ?? ''),
    tasks,
    managedByHa: managedGuests(resources ?? '').includes(ctid),
    rollbacks: rollbacks ?? '',
    rollbackDirectory: knownOr(directory, undefined) !== undefined,
  }
}
