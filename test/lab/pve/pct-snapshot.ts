/** pct snapshot, rollback, delsnapshot, listsnapshot and resize. The data of a snapshot is a copy of the upper layer. */
import { mkdirSync, rmSync } from 'node:fs'
import type { ConfigSection } from '../../../src/proxmox/container-config.ts'
import { rollsBackOnlyToLast, storageFile, volumesOf } from '../../../src/proxmox/storages.ts'
import { Exit, run, textOf } from '../nvidia/system.ts'
import { isOn, isRunning, noSection, readConfig, refuseLocked, withSettings, writeConfig } from './guests.ts'
import { stall } from './pct-create.ts'
import { unmountRoot } from './pct-run.ts'
import { imageDir, lacking, storages } from './volumes.ts'

/** As `snapshot_create`: the container has `lock: snapshot`, and the snapshot `snapstate: prepare`, until it is complete. */
export function snapshot(ctid: number, name: string, comment?: string): void {
  const config = readConfig(ctid)
  if (isOn(config.current.settings.get('template')))
    throw new Exit(255, "you can't take a snapshot if it's a template")
  refuseLocked(config)
  if (!/^[a-z][a-z0-9_-]+$/i.test(name))
    throw new Exit(2, '400 Parameter verification failed.\nsnapname: invalid format')
  if (name === 'current' || name === 'vzdump')
    throw new Exit(255, `unable to use snapshot name '${name}' (reserved name)`)
  if (config.snapshots.has(name)) throw new Exit(255, `snapshot name '${name}' already used`)
  if (lacking(config.current.settings, 'snapshot')) throw new Exit(255, 'snapshot feature is not available')
  const unused = [...config.current.settings.keys()].filter((key) => key.startsWith('unused'))
  const saved: ConfigSection = {
    ...withSettings(config.current, [
      ...unused.map((key) => [key, undefined] as const),
      ['snaptime', String(Math.floor(Date.now() / 1000))],
    ]),
    description: comment === undefined ? '' : `${comment}\n`,
  }
  const write = (section: ConfigSection, changes: Iterable<readonly [string, string | undefined]>): void =>
    writeConfig(ctid, {
      ...config,
      current: withSettings(config.current, changes),
      snapshots: new Map([...config.snapshots, [name, section]]),
    })
  write(withSettings(saved, [['snapstate', 'prepare']]), [['lock', 'snapshot']])
  mkdirSync(`${imageDir(ctid)}/snapshots`, { recursive: true })
  rmSync(dataOf(ctid, name), { recursive: true, force: true })
  stall()
  copyLayer(`${imageDir(ctid)}/upper`, dataOf(ctid, name))
  write(saved, [['parent', name]])
}

/** As `snapshot_rollback`: the notes, unused volumes and snapshots stay, everything else is that of the snapshot. */
export function rollback(ctid: number, name: string): void {
  const config = readConfig(ctid)
  const { settings } = config.current
  if (isOn(settings.get('template'))) throw new Exit(255, "you can't rollback if vm is a template")
  const saved = config.snapshots.get(name)
  if (saved === undefined) throw new Exit(255, `snapshot '${name}' does not exist`)
  const time = (section: ConfigSection): number => Number(section.settings.get('snaptime') ?? 0)
  const later = [...config.snapshots].some(
    ([other, section]) => other !== name && time(section) > time(saved),
  )
  const [volume] = volumesOf(saved)
  if (later && textOf(storageFile) !== undefined && rollsBackOnlyToLast(volumesOf(saved), storages()))
    throw new Exit(255, `can't rollback, '${name}' is not most recent snapshot on '${volume?.id ?? ''}'`)
  if (saved.settings.has('snapstate'))
    throw new Exit(
      255,
      `unable to rollback to incomplete snapshot (snapstate = ${saved.settings.get('snapstate') ?? ''})`,
    )
  refuseLocked(config)
  if (isRunning(ctid)) run('lxc-stop', ['-n', String(ctid), '-k'])
  unmountRoot(ctid)
  writeConfig(ctid, { ...config, current: withSettings(config.current, [['lock', 'rollback']]) })
  stall()
  rmSync(`${imageDir(ctid)}/upper`, { recursive: true })
  copyLayer(dataOf(ctid, name), `${imageDir(ctid)}/upper`)
  const unused = [...settings].filter(([key]) => key.startsWith('unused'))
  const current = withSettings(saved, [['snaptime', undefined], ['parent', name], ...unused])
  writeConfig(ctid, {
    ...config,
    current: { ...current, description: config.current.description },
    pending: noSection,
  })
}

export function deleteSnapshot(ctid: number, name: string): void {
  const config = readConfig(ctid)
  refuseLocked(config)
  if (isOn(config.current.settings.get('template')))
    throw new Exit(255, "you can't delete a snapshot if vm is a template")
  const removed = config.snapshots.get(name)
  if (removed === undefined) throw new Exit(255, `snapshot '${name}' does not exist`)
  const parent = removed.settings.get('parent')
  const relink = (section: ConfigSection): ConfigSection =>
    section.settings.get('parent') === name ? withSettings(section, [['parent', parent]]) : section
  rmSync(dataOf(ctid, name), { recursive: true, force: true })
  const left = [...config.snapshots].filter(([other]) => other !== name)
  writeConfig(ctid, {
    ...config,
    current: relink(config.current),
    snapshots: new Map(left.map(([other, section]) => [other, relink(section)])),
  })
}

export function listSnapshots(ctid: number): number {
  const { snapshots } = readConfig(ctid)
  const lines = [...snapshots].map(([name, { settings }]) => {
    const time = new Date(Number(settings.get('snaptime') ?? 0) * 1000).toISOString()
    return `\`-> ${name} ${time.slice(0, 19).replace('T', ' ')} no-description\n`
  })
  process.stdout.write(`${lines.join('')}\`-> current You are here!\n`)
  return 0
}

/** Only the number changes: disks of the lab have no limit. */
export function resize(ctid: number, disk: string, size: string): void {
  const config = readConfig(ctid)
  refuseLocked(config)
  const value = config.current.settings.get(disk)
  const before = /size=(\d+)G/.exec(value ?? '')?.[1]
  if (value === undefined || before === undefined) throw new Exit(255, `no such volume '${disk}'`)
  const [, sign, number = ''] = /^(\+?)(\d+)G$/.exec(size) ?? []
  const after = sign === '+' ? Number(before) + Number(number) : Number(number)
  if (!(after >= Number(before))) throw new Exit(255, 'unable to shrink disk size')
  const current = withSettings(config.current, [[disk, value.replace(/size=\d+G/, `size=${after}G`)]])
  writeConfig(ctid, { ...config, current })
}

/** With owners, attributes and the device nodes by which an overlay marks removed files. */
function copyLayer(from: string, to: string): void {
  const copied = run('cp', ['-a', from, to])
  if (copied.status !== 0) throw new Exit(255, copied.stderr.trimEnd())
}

function dataOf(ctid: number, name: string): string {
  return `${imageDir(ctid)}/snapshots/${name}`
}
