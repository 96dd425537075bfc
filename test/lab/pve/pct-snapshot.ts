/** pct snapshot, rollback, delsnapshot, listsnapshot and resize. The data of a snapshot is a copy of the upper layer. */
import { mkdirSync, rmSync } from 'node:fs'
import type { ConfigSection } from '../../../src/proxmox/container-config.ts'
import { Exit, run } from '../nvidia/system.ts'
import { isRunning, readConfig, refuseLocked, withSettings, writeConfig } from './guests.ts'
import { imageDir, unmountRoot } from './pct-run.ts'

export function snapshot(ctid: number, name: string): void {
  const config = readConfig(ctid)
  refuseLocked(config)
  if (!/^[a-z][a-z0-9_-]+$/i.test(name) || name === 'current')
    throw new Exit(2, '400 Parameter verification failed.\nsnapname: invalid format')
  if (config.snapshots.has(name)) throw new Exit(255, `snapshot name '${name}' already used`)
  const saved = withSettings(config.current, [['snaptime', String(Math.floor(Date.now() / 1000))]])
  mkdirSync(`${imageDir(ctid)}/snapshots`, { recursive: true })
  copyLayer(`${imageDir(ctid)}/upper`, dataOf(ctid, name))
  writeConfig(ctid, {
    ...config,
    current: withSettings(config.current, [['parent', name]]),
    snapshots: new Map([...config.snapshots, [name, saved]]),
  })
}

export function rollback(ctid: number, name: string): void {
  const config = readConfig(ctid)
  refuseLocked(config)
  const saved = config.snapshots.get(name)
  if (saved === undefined) throw new Exit(255, `snapshot '${name}' does not exist`)
  if (isRunning(ctid)) run('lxc-stop', ['-n', String(ctid), '-k'])
  unmountRoot(ctid)
  rmSync(`${imageDir(ctid)}/upper`, { recursive: true })
  copyLayer(dataOf(ctid, name), `${imageDir(ctid)}/upper`)
  const current = withSettings(saved, [
    ['snaptime', undefined],
    ['parent', name],
  ])
  writeConfig(ctid, {
    ...config,
    current,
    pending: withSettings(config.pending, clearing(config.pending.settings)),
  })
}

export function deleteSnapshot(ctid: number, name: string): void {
  const config = readConfig(ctid)
  refuseLocked(config)
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

function clearing(settings: ReadonlyMap<string, string>): readonly (readonly [string, undefined])[] {
  return [...settings.keys()].map((key) => [key, undefined] as const)
}
