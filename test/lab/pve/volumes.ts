/**
 * Volumes of containers. The data of a container's root file system is in its image directory; the volume is
 * only its name there. Storages are those of /etc/pve/storage.cfg, with the features of their types. Without
 * that file, `local` has all features.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { properties } from '../../../src/proxmox/container-settings.ts'
import {
  lackingFeature,
  type Storage,
  type StorageFeature,
  storageFile,
  storagesIn,
  type Volume,
  volumesOf,
} from '../../../src/proxmox/storages.ts'
import { chmodSync, chownSync } from 'node:fs'
import { Exit, namesIn, textOf } from '../nvidia/system.ts'

export const images = '/var/lib/vz/images'

/** The container's own files; `lowers` lists the layers of its template, `volume` names its root file system. */
export function imageDir(ctid: number): string {
  return `${images}/${ctid}`
}

export function storages(): readonly Storage[] {
  return storagesIn(textOf(storageFile) ?? '')
}

/** @throws Exit for a storage that does not exist, or that cannot have containers */
export function checkStorage(name: string): void {
  const storage = storages().find((each) => each.name === name)
  if (storage === undefined) throw new Exit(255, `storage '${name}' does not exist`)
  if (!storage.content.includes('rootdir'))
    throw new Exit(
      2,
      `400 Parameter verification failed.\nstorage: storage '${name}' does not support container directories`,
    )
}

/** The volumes of a section whose storage lacks the feature. */
export function lacking(settings: ReadonlyMap<string, string>, feature: StorageFeature): Volume | undefined {
  if (textOf(storageFile) === undefined) return undefined
  return lackingFeature(volumesOf({ settings }), storages(), feature)[0]
}

/** The name of a new root file system; `base` is the volume of a template with which it shares blocks. */
export function volumeName(ctid: number, storage: string, base?: string): string {
  if (storages().find(({ name }) => name === storage)?.type === 'dir')
    return `${storage}:${ctid}/vm-${ctid}-disk-0.raw`
  return `${storage}:${base === undefined ? '' : `${base.replace(/^[^:]*:/, '')}/`}subvol-${ctid}-disk-0`
}

/** The name of the volume of a container that has become a template. */
export function templateName(volume: string): string {
  return volume.replace(/vm-(\d+-disk-\d+\.raw)$/, 'base-$1').replace(/subvol-(\d+-disk-\d+)$/, 'basevol-$1')
}

/** The setting with another volume. */
export function withVolume(value: string, volume: string): string {
  const old = properties(value, 'volume').get('volume') ?? ''
  return value.replace(old, volume)
}

export function makeImage(
  ctid: number,
  { lowers, owner, volume }: { readonly lowers: string; readonly owner: number; readonly volume: string },
): void {
  const image = imageDir(ctid)
  rmSync(image, { recursive: true, force: true })
  mkdirSync(`${image}/upper`, { recursive: true })
  mkdirSync(`${image}/work`)
  chmodSync(`${image}/upper`, 0o755)
  chownSync(`${image}/upper`, owner, owner)
  writeFileSync(`${image}/lowers`, `${lowers}\n`)
  nameVolume(ctid, volume)
}

export function nameVolume(ctid: number, volume: string): void {
  writeFileSync(`${imageDir(ctid)}/volume`, `${volume}\n`)
}

/** All volumes of the node, also those that no configuration names. */
export function allVolumes(): readonly { readonly ctid: number; readonly volume: string }[] {
  return namesIn(images).flatMap((name) => {
    const volume = textOf(`${images}/${name}/volume`)?.trim()
    return volume === undefined ? [] : [{ ctid: Number(name), volume }]
  })
}

/** @throws Exit if a linked clone needs the volume */
export function refuseUsedBase(volume: string): void {
  const name = volume.replace(/^[^:]*:/, '')
  if (allVolumes().some((other) => other.volume.includes(`:${name}/`)))
    throw new Exit(255, `base volume '${name}' is still in use by linked cloned`)
}

/** `pvesm list STORAGE [--vmid N]`, `pvesm free VOLUME`. */
export function pvesm([command = '', name = '', ...rest]: readonly string[]): number {
  if (command === 'free') {
    const found = allVolumes().find(({ volume }) => volume === name)
    if (found === undefined) throw new Exit(255, `volume '${name}' does not exist`)
    refuseUsedBase(name)
    rmSync(imageDir(found.ctid), { recursive: true })
    process.stdout.write(`Removed volume '${name}'\n`)
    return 0
  }
  if (command !== 'list') throw new Exit(255, `ERROR: the lab's pvesm has no command '${command}'`)
  const storage = storages().find((each) => each.name === name)
  if (storage === undefined) throw new Exit(255, `storage '${name}' does not exist`)
  const vmid = rest[0] === '--vmid' ? Number(rest[1]) : undefined
  const own = allVolumes().filter(
    ({ ctid, volume }) => volume.startsWith(`${name}:`) && (vmid === undefined || ctid === vmid),
  )
  const width = Math.max(5, ...own.map(({ volume }) => volume.length))
  const format = storage.type === 'dir' ? 'raw' : 'subvol'
  process.stdout.write(
    [
      `${'Volid'.padEnd(width)} Format  Type      Size VMID\n`,
      ...own.map(
        ({ ctid, volume }) => `${volume.padEnd(width)} ${format.padEnd(7)} rootdir 8589934592 ${ctid}\n`,
      ),
    ].join(''),
  )
  return 0
}
