import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseContainerConfig } from './container-config.ts'
import {
  lackingFeature,
  rollsBackOnlyToLast,
  type StorageFeature,
  storagesIn,
  volumesOf,
} from './storages.ts'

const names = (text: string): readonly string[] =>
  storagesIn(text).map(({ name, type, path }) => `${name} ${type} ${path ?? '-'}`)

test('local is always there, and disabled storages are not', () => {
  assert.deepEqual(names(''), ['local dir /var/lib/vz'])
  const text =
    'zfspool: tank\n\tpool rpool/data\n\tcontent rootdir,images\n\tsparse\n\ndir: local\n\tcontent iso\n'
  assert.deepEqual(names(text), ['tank zfspool -', 'local dir /var/lib/vz'])
  assert.deepEqual(storagesIn(text)[0]?.content, ['rootdir', 'images'])
  assert.deepEqual(storagesIn(text)[1]?.content, ['iso'])
  // Proxmox replaces a `local` of another kind.
  assert.deepEqual(names('dir: local\n\tpath /srv\n'), ['local dir /var/lib/vz'])
  assert.deepEqual(names('nfs: far\n\tdisable\n\tpath /mnt/pve/far\n'), ['local dir /var/lib/vz'])
})

const volumes = volumesOf(
  parseContainerConfig(
    'mp0: /srv/data,mp=/data\nmp1: volume=fast:vm-1-disk-1,mp=/b\nrootfs: tank:subvol-1-disk-0,size=8G\nunused0: slow:x\n',
  ).current,
)

test('volumes have a storage, directories of the node do not', () => {
  assert.deepEqual(
    volumes.map(({ key, id, storage }) => [key, id, storage]),
    [
      ['mp0', '/srv/data', undefined],
      ['mp1', 'fast:vm-1-disk-1', 'fast'],
      ['rootfs', 'tank:subvol-1-disk-0', 'tank'],
      ['unused0', 'slow:x', 'slow'],
    ],
  )
})

test('a feature is lacking only where the type of the storage is known not to have it', () => {
  const lacking = (types: string, feature: StorageFeature): readonly string[] =>
    lackingFeature(volumes, storagesIn(types), feature).map(({ key }) => key)
  const both = (type: string): string => `${type}: tank\n\n${type}: fast\n\ndir: slow\n\tpath /x\n`
  assert.deepEqual(lacking(both('dir'), 'snapshot'), ['mp1', 'rootfs'])
  assert.deepEqual(lacking(both('dir'), 'template'), [])
  assert.deepEqual(lacking(both('dir'), 'linked'), ['mp1', 'rootfs'])
  assert.deepEqual(lacking(both('lvm'), 'template'), ['mp1', 'rootfs'])
  assert.deepEqual(lacking(both('zfspool'), 'linked'), [])
  assert.deepEqual(lacking(both('zfspool'), 'linked from a snapshot'), ['mp1', 'rootfs'])
  assert.deepEqual(lacking(both('lvmthin'), 'linked from a snapshot'), [])
  assert.deepEqual(lacking(both('custom'), 'snapshot'), [])
  assert.deepEqual(lacking('', 'snapshot'), [])
  assert.deepEqual(lacking('lvm: fast\n\nrbd: tank\n', 'snapshot'), ['mp1'])
})

test('only ZFS rolls back to nothing but the last snapshot', () => {
  assert.equal(rollsBackOnlyToLast(volumes, storagesIn('zfspool: tank\n')), true)
  assert.equal(rollsBackOnlyToLast(volumes, storagesIn('zfspool: other\n\nlvmthin: tank\n')), false)
})
