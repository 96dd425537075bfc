/** The node's containers: their configurations in /etc/pve, and their status. */
import { renameSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import {
  type ConfigSection,
  type ContainerConfig,
  parseContainerConfig,
  rewriteContainerConfig,
} from '../../../src/proxmox/container-config.ts'
import { Exit, namesIn, run, textOf } from '../nvidia/system.ts'

const configDir = '/etc/pve/lxc'

export function configPath(ctid: number): string {
  return `${configDir}/${ctid}.conf`
}

export function missing(ctid: number, status: number): Exit {
  return new Exit(status, `Configuration file 'nodes/${hostname()}/lxc/${ctid}.conf' does not exist`)
}

/** Reads a configuration and prints its warnings, as every Proxmox tool does. `status`: exit status if it is missing. */
export function readConfig(ctid: number, status = 2): ContainerConfig {
  const text = textOf(configPath(ctid))
  if (text === undefined) throw missing(ctid, status)
  const config = parseContainerConfig(text)
  for (const { message } of config.warnings) process.stderr.write(`vm ${ctid} - ${message}`)
  return config
}

/** Replaces the file as Proxmox does: by renaming a new one. */
export function writeConfig(ctid: number, config: ContainerConfig): void {
  const file = configPath(ctid)
  writeFileSync(`${file}.tmp.${process.pid}`, rewriteContainerConfig(config))
  renameSync(`${file}.tmp.${process.pid}`, file)
}

export function ctids(): readonly number[] {
  return namesIn(configDir)
    .filter((name) => /^[1-9][0-9]*\.conf$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .toSorted((a, b) => a - b)
}

export function isRunning(ctid: number): boolean {
  return run('lxc-info', ['-n', String(ctid), '-sH']).stdout.trim() === 'RUNNING'
}

/** @throws Exit if the configuration has a `lock` */
export function refuseLocked(config: ContainerConfig): void {
  const lock = config.current.settings.get('lock')
  if (lock !== undefined) throw new Exit(255, `CT is locked (${lock})`)
}

/** The section with other settings; `undefined` removes one. */
export function withSettings(
  section: ConfigSection,
  changes: Iterable<readonly [string, string | undefined]>,
): ConfigSection {
  const settings = new Map(section.settings)
  for (const [key, value] of changes) {
    if (value === undefined) settings.delete(key)
    else settings.set(key, value)
  }
  return { ...section, settings }
}

export const noSection: ConfigSection = {
  description: '',
  settings: new Map(),
  deletes: [],
  lxc: [],
  entries: [],
}

/** The keys that the next start deletes. A leading `!` means by force. */
export function pendingDeletes(config: ContainerConfig): readonly string[] {
  return (config.pending.settings.get('delete') ?? '')
    .split(/[ ,;]+/)
    .map((key) => key.replace(/^!/, ''))
    .filter((key) => key !== '')
}

/** The configuration after the next start: with all pending changes. */
export function withPending(config: ContainerConfig): ContainerConfig {
  const changes = [...config.pending.settings].filter(([key]) => key !== 'delete')
  const deletes = pendingDeletes(config).map((key) => [key, undefined] as const)
  return { ...config, current: withSettings(config.current, [...deletes, ...changes]), pending: noSection }
}

/** The value of a switch: 1, on, yes or true. */
export function isOn(value: string | undefined): boolean {
  return /^(1|on|yes|true)$/i.test(value ?? '')
}
