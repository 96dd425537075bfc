/** pct create, destroy. */
import { rmSync } from 'node:fs'
import type { ConfigSection, ContainerConfig } from '../../../src/proxmox/container-config.ts'
import { properties } from '../../../src/proxmox/container-settings.ts'
import { knownGuests, resourcesFile } from '../../../src/nvidia/high-availability.ts'
import { Exit, exists, namesIn, run, textOf } from '../nvidia/system.ts'
import { configPath, isOn, isRunning, noSection, readConfig, refuseLocked, writeConfig } from './guests.ts'
import { idBase, lxcDir } from './lxc-config.ts'
import { start, unmountRoot } from './pct-run.ts'
import { withAddress } from './network-address.ts'
import { type Options, checkedValue, isKnown } from './pct-set.ts'
import { checkStorage, imageDir, makeImage, refuseUsedBase, volumeName } from './volumes.ts'

/** Options of `pct create` that are not settings of the container. */
const ignored = new Set(
  'storage password ssh-public-keys force pool bwlimit ignore-unpack-errors unique start restore'.split(' '),
)

export function create(ctid: number, template: string, options: Options): void {
  refuseTaken(ctid)
  const settings = new Map([
    ['memory', '512'],
    ['swap', '512'],
    ['arch', 'amd64'],
    ['ostype', /vztmpl\/ubuntu/.test(template) ? 'ubuntu' : 'debian'],
    ['hostname', `CT${ctid}`],
  ])
  for (const [key, value] of options) {
    if (ignored.has(key)) continue
    if (!isKnown(key))
      throw new Exit(
        2,
        `Unknown option: ${key}\n400 unable to parse option\npct create <vmid> <ostemplate> [OPTIONS]`,
      )
    if (key !== 'rootfs') settings.set(key, withAddress(ctid, key, checkedValue(key, value)))
  }
  const given = new Map(options)
  // `storage` or `rootfs: STORAGE:GIB`; 4 GiB if only the storage is given.
  const [, storage = 'local', size = '4'] = /^([^:]+):([0-9]+)$/.exec(given.get('rootfs') ?? '') ?? [
    undefined,
    given.get('storage'),
  ]
  checkStorage(storage)
  const volume = volumeName(ctid, storage)
  settings.set('rootfs', `${volume},size=${size}G`)
  const unprivileged = isOn(settings.get('unprivileged'))
  if (!unprivileged) settings.delete('unprivileged')
  const name = /^local:vztmpl\/(.+)\.tar\.(?:zst|gz|xz)$/.exec(template)?.[1] ?? ''
  const lowers = textOf(`/usr/lib/lab/templates/${name}/layers${unprivileged ? '.unprivileged' : ''}`)
  if (lowers === undefined)
    throw new Exit(255, `unable to create CT ${ctid} - volume '${template}' does not exist`)
  const write = (current: ConfigSection): void =>
    writeConfig(ctid, { current, pending: noSection, snapshots: new Map(), warnings: [] })
  // Until the archive is unpacked, there is only the lock (`create_vm`).
  write({ ...noSection, settings: new Map([['lock', 'create']]) })
  makeImage(ctid, { lowers: lowers.trim(), owner: unprivileged ? idBase : 0, volume })
  process.stdout.write(`extracting archive '/var/lib/vz/template/cache/${template.replace(/^.*\//, '')}'\n`)
  stall()
  write({ ...noSection, settings })
  if (isOn(given.get('start'))) start(ctid)
}

export function destroy(
  ctid: number,
  { force, purge }: { readonly force: boolean; readonly purge: boolean },
): void {
  const config: ContainerConfig = readConfig(ctid)
  if (isOn(config.current.settings.get('protection')))
    throw new Exit(255, `can't remove CT ${ctid} - protection mode enabled`)
  refuseLocked(config)
  if (!purge && knownGuests(textOf(resourcesFile) ?? '').includes(String(ctid)))
    throw new Exit(255, `unable to remove CT ${ctid} - used in HA resources and purge parameter not set.`)
  if (isRunning(ctid)) {
    if (!force) throw new Exit(255, `unable to destroy CT ${ctid} - container is running`)
    run('lxc-stop', ['-n', String(ctid), '-k'])
  }
  const volume = properties(config.current.settings.get('rootfs') ?? '', 'volume').get('volume')
  if (volume !== undefined) refuseUsedBase(volume)
  unmountRoot(ctid)
  // Without a rootfs it is half-made, and its volume is not known to it.
  for (const path of [
    ...(volume === undefined ? [] : [imageDir(ctid)]),
    `${lxcDir}/${ctid}`,
    configPath(ctid),
  ])
    rmSync(path, { recursive: true, force: true })
}

/** A number is unique in the cluster. */
export function refuseTaken(ctid: number): void {
  for (const node of namesIn('/etc/pve/nodes')) {
    for (const kind of ['lxc', 'qemu-server']) {
      if (!exists(`/etc/pve/nodes/${node}/${kind}/${ctid}.conf`)) continue
      const what = kind === 'lxc' ? 'CT' : 'VM'
      throw new Exit(2, `unable to create CT ${ctid} - ${what} ${ctid} already exists on node '${node}'`)
    }
  }
}

/** Waits as long as /etc/lab/pct-seconds says, so that a test can interrupt a creation. */
export function stall(): void {
  const seconds = textOf('/etc/lab/pct-seconds')?.trim()
  if (seconds !== undefined) run('sleep', [seconds])
}
