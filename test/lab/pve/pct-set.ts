/** pct set: changes a configuration, at once or pending. */
import { statSync } from 'node:fs'
import type { ContainerConfig } from '../../../src/proxmox/container-config.ts'
import { checkSetting, properties } from '../../../src/proxmox/container-settings.ts'
import { nodeSpec } from '../nvidia/node-spec.ts'
import { Exit } from '../nvidia/system.ts'
import { atLeast } from '../nvidia/version.ts'
import { withAddress } from './network-address.ts'
import { isRunning, pendingDeletes, readConfig, refuseLocked, withSettings, writeConfig } from './guests.ts'
import { plugDevice } from './hotplug.ts'
import { writeLxcConfig } from './lxc-config.ts'
import { knowsDevices } from './pct-run.ts'

/** Settings that take effect in a running container; the others become pending. */
const immediate = new Set(
  `memory swap cores cpulimit cpuunits description onboot startup tags protection nameserver searchdomain hostname
  hookscript lock timezone`.split(/\s+/),
)

/** Options as `key`, `value` pairs, in their order. */
export type Options = readonly (readonly [string, string])[]

export function set(ctid: number, options: Options): void {
  const deletes: string[] = []
  const reverts: string[] = []
  const changes: [string, string][] = []
  for (const [key, value] of options) {
    if (key === 'delete') deletes.push(...value.split(/[ ,;]+/).filter((name) => name !== ''))
    else if (key === 'revert') reverts.push(...value.split(/[ ,;]+/).filter((name) => name !== ''))
    else if (key !== 'digest') changes.push([key, withAddress(ctid, key, checkedValue(key, value))])
  }
  for (const key of deletes) if (!isKnown(key)) throw new Exit(255, `unknown option: ${key}`)
  let config = readConfig(ctid)
  const onlyLock = deletes.length === 1 && deletes[0] === 'lock' && changes.length === 0
  if (!onlyLock) refuseLocked(config)
  const running = isRunning(ctid)
  for (const key of reverts) config = { ...config, pending: withoutDelete(config, key, undefined) }
  for (const key of deletes)
    config = running && !immediate.has(key) ? deleteLater(config, key) : deleteNow(config, key)
  for (const [key, value] of changes) {
    const plugged = running && isHotPlug(config, key)
    if (plugged) plugDevice(ctid, config.current, value)
    config =
      running && !plugged && !immediate.has(key)
        ? changeLater(config, key, value)
        : changeNow(config, key, value)
  }
  writeConfig(ctid, config)
  writeLxcConfig(ctid, config.current, knowsDevices())
}

export function isKnown(key: string): boolean {
  if (/^dev[0-9]+$/.test(key) && !knowsDevices()) return false
  if (key === 'description') return true
  const checked = checkSetting(key, '0')
  return !('problem' in checked) || !checked.problem.startsWith('unknown setting')
}

/** The stored form of the value. Refuses missing devices, and all values that Proxmox's schema refuses. */
export function checkedValue(key: string, value: string): string {
  if (!isKnown(key))
    throw new Exit(2, `Unknown option: ${key}\n400 unable to parse option\npct set <vmid> [OPTIONS]`)
  if (key === 'description') return value
  refuseFormat(key, value)
  const checked = checkSetting(key, value)
  if ('problem' in checked) {
    const [first = '', ...details] = checked.problem.trimEnd().split('\n')
    const named = details.map((detail) => detail.replace(/^([^:]+): /, `${key}.$1: `))
    throw new Exit(
      2,
      [
        '400 Parameter verification failed.',
        `${key}: ${details.length > 0 ? 'invalid format - ' : ''}${first}`,
        ...named,
        'pct set <vmid> [OPTIONS]',
      ].join('\n'),
    )
  }
  if (/^dev[0-9]+$/.test(key)) {
    const path = properties(value, 'path').get('path') ?? ''
    const there = statSync(path, { throwIfNoEntry: false })
    if (there === undefined) throw new Exit(2, `Device ${path} does not exist`)
    if (!there.isCharacterDevice() && !there.isBlockDevice())
      throw new Exit(2, `Device ${path} is not a device`)
  }
  return checked.value
}

/** Proxmox VE 9 adds a new device to a running container; changes and removals stay pending. */
function isHotPlug(config: ContainerConfig, key: string): boolean {
  return /^dev[0-9]+$/.test(key) && !config.current.settings.has(key) && atLeast(nodeSpec().pveVersion, '9')
}

/**
 * Formats of settings that `checkSetting` does not know (PVE::JSONSchema: dns-name, address-list, timezone).
 */
const formats: Readonly<Record<string, { readonly pattern: RegExp; readonly problem: string }>> = {
  hostname: {
    pattern: /^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*$/,
    problem: 'invalid format - value does not look like a valid DNS name',
  },
  nameserver: {
    pattern: /^[0-9a-fA-F.:]+([ ,;]+[0-9a-fA-F.:]+)*$/,
    problem: 'invalid format - value does not look like a valid server',
  },
  timezone: {
    pattern: /^(host|[A-Za-z0-9_+-]+(\/[A-Za-z0-9_+-]+)*)$/,
    problem: 'invalid format - invalid time zone',
  },
  cores: { pattern: /^[1-9][0-9]*$/, problem: 'value must have a minimum value of 1' },
}

function refuseFormat(key: string, value: string): void {
  const format = formats[key]
  if (format === undefined || format.pattern.test(value)) return
  throw new Exit(2, `400 Parameter verification failed.\n${key}: ${format.problem}\npct set <vmid> [OPTIONS]`)
}

function changeNow(config: ContainerConfig, key: string, value: string): ContainerConfig {
  // the notes are the comments: setting them replaces all of those
  if (key === 'description')
    return { ...config, current: { ...config.current, description: value === '' ? '' : `${value}\n` } }
  return {
    ...config,
    current: withSettings(config.current, [[key, value]]),
    pending: withoutDelete(config, key, undefined),
  }
}

function changeLater(config: ContainerConfig, key: string, value: string): ContainerConfig {
  if (config.current.settings.get(key) === value)
    return { ...config, pending: withoutDelete(config, key, undefined) }
  return { ...config, pending: withoutDelete(config, key, value) }
}

function deleteNow(config: ContainerConfig, key: string): ContainerConfig {
  if (key === 'description') return { ...config, current: { ...config.current, description: '' } }
  return {
    ...config,
    current: withSettings(config.current, [[key, undefined]]),
    pending: withoutDelete(config, key, undefined),
  }
}

function deleteLater(config: ContainerConfig, key: string): ContainerConfig {
  const pending = withSettings(config.pending, [[key, undefined]])
  if (!config.current.settings.has(key)) return { ...config, pending }
  const deletes = [...new Set([...pendingDeletes(config), key])].toSorted()
  return { ...config, pending: withSettings(pending, [['delete', deletes.join(',')]]) }
}

/** The pending section with this key's own entry replaced, and no longer among those to be deleted. */
function withoutDelete(
  config: ContainerConfig,
  key: string,
  value: string | undefined,
): ContainerConfig['pending'] {
  const deletes = pendingDeletes(config).filter((name) => name !== key)
  return withSettings(config.pending, [
    ['delete', deletes.length > 0 ? deletes.join(',') : undefined],
    [key, value],
  ])
}
