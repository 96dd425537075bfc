/** pct clone, template. */
import type { ConfigSection } from '../../../src/proxmox/container-config.ts'
import { properties } from '../../../src/proxmox/container-settings.ts'
import { Exit, run, textOf } from '../nvidia/system.ts'
import { isOn, isRunning, noSection, readConfig, refuseLocked, withSettings, writeConfig } from './guests.ts'
import { idBase } from './lxc-config.ts'
import { withAddress } from './network-address.ts'
import { refuseTaken, stall } from './pct-create.ts'
import { unmountRoot } from './pct-run.ts'
import type { Options } from './pct-set.ts'
import { imageDir, lacking, makeImage, nameVolume, templateName, volumeName, withVolume } from './volumes.ts'

/** As `clone_vm`: the source has `lock: disk` and the clone `lock: create` until it is complete. */
export function clone(source: number, ctid: number, options: Options): void {
  const config = readConfig(source)
  refuseLocked(config)
  refuseTaken(ctid)
  const given = new Map(options)
  const snapshot = given.get('snapname')
  const section = snapshot === undefined ? config.current : config.snapshots.get(snapshot)
  const isTemplate = isOn(config.current.settings.get('template'))
  const full = given.has('full') ? isOn(given.get('full')) : !isTemplate
  const storage = given.get('storage')
  if (storage !== undefined && !full) throw new Exit(255, "parameter 'storage' not allowed for linked clones")
  if (section === undefined) throw new Exit(255, `snapshot '${snapshot ?? ''}' does not exist`)
  const rootfs = section.settings.get('rootfs') ?? ''
  const volume = properties(rootfs, 'volume').get('volume') ?? ''
  if (full && isRunning(source) && snapshot === undefined)
    throw new Exit(255, 'Full clone of a running container is only possible from a snapshot')
  const feature = isTemplate && snapshot === undefined ? 'linked' : 'linked from a snapshot'
  if (!full && ((!isTemplate && snapshot === undefined) || lacking(section.settings, feature)))
    throw new Exit(255, `Linked clone feature for '${volume}' is not available`)
  for (const [key, value] of section.settings) {
    if (/^mp\d+$/.test(key) && value.startsWith('/'))
      throw new Exit(255, `unable to clone mountpoint '${key}' (type bind)`)
  }
  const made = volumeName(ctid, storage ?? volume.replace(/:.*/s, ''), full ? undefined : volume)
  const copied = clonedSection(ctid, section, given.get('hostname'))
  const write = (current: ConfigSection): void =>
    writeConfig(ctid, { ...config, current, pending: noSection, snapshots: new Map() })
  writeConfig(source, { ...config, current: withSettings(config.current, [['lock', 'disk']]) })
  write(
    withSettings(copied, [
      ['lock', 'create'],
      ['rootfs', undefined],
    ]),
  )
  process.stdout.write(`creating a clone of container ${source} with ID ${ctid}\n`)
  const owner = isOn(config.current.settings.get('unprivileged')) ? idBase : 0
  const lowers = textOf(`${imageDir(source)}/lowers`)?.trim() ?? ''
  const data = `${imageDir(source)}/${snapshot === undefined ? 'upper' : `snapshots/${snapshot}`}`
  makeImage(ctid, { lowers: full ? lowers : `${data}:${lowers}`, owner, volume: made })
  stall()
  if (full) run('cp', ['-a', `${data}/.`, `${imageDir(ctid)}/upper`])
  writeConfig(source, config)
  write(withSettings(copied, [['rootfs', withVolume(rootfs, made)]]))
}

/**
 * Copies everything, including devices, raw lines and `protection`. Changes network addresses; drops states
 * of the original.
 */
function clonedSection(ctid: number, section: ConfigSection, name: string | undefined): ConfigSection {
  const changes = [...section.settings].flatMap(([key, value]): (readonly [string, string | undefined])[] => {
    if (/^(template|parent|lock|snaptime|snapstate|unused[0-9]+)$/.test(key)) return [[key, undefined]]
    if (/^net[0-9]+$/.test(key)) return [[key, withAddress(ctid, key, value.replace(/,hwaddr=[^,]*/, ''))]]
    return []
  })
  return withSettings(section, name === undefined ? changes : [...changes, ['hostname', name]])
}

export function makeTemplate(ctid: number): void {
  const config = readConfig(ctid)
  refuseLocked(config)
  if (config.snapshots.size > 0)
    throw new Exit(255, 'unable to create template, because CT contains snapshots')
  if (isOn(config.current.settings.get('template')))
    throw new Exit(255, "you can't convert a template to a template")
  if (isRunning(ctid)) throw new Exit(255, "you can't convert a CT to template if the CT is running")
  const rootfs = config.current.settings.get('rootfs') ?? ''
  const volume = properties(rootfs, 'volume').get('volume') ?? ''
  if (lacking(config.current.settings, 'template'))
    throw new Exit(255, `Template feature is not available for '${volume}'`)
  unmountRoot(ctid)
  const base = templateName(volume)
  nameVolume(ctid, base)
  writeConfig(ctid, {
    ...config,
    current: withSettings(config.current, [
      ['rootfs', withVolume(rootfs, base)],
      ['template', '1'],
    ]),
  })
}
