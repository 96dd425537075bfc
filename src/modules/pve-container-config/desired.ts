/** Decides which owned lines of a container's configuration to remove and which to add. Pure. */
import {
  editContainerConfig,
  type ConfigEntry,
  parseContainerConfig,
} from '../../proxmox/container-config.ts'
import { canonicalLine, lineForms, lineOf } from '../../proxmox/config-lines.ts'

export interface WantedConfig {
  /** Lines `key: value`, `devN` for a device entry of any number; empty lines and comments are left out. */
  readonly content: string
  readonly owns: (line: string) => boolean
}

export interface Desired {
  /** The new text of the file; the same text if nothing changes. */
  readonly text: string
  /** The wanted lines with their numbers. */
  readonly lines: readonly string[]
}

/**
 * Makes the current section have the wanted lines, and the pending changes keep them: the next start applies
 * those to the current section. An existing wanted line stays in place, whatever its number. A line that is
 * owned but not wanted is removed, and so is a duplicate. Missing lines are added at the end of the section.
 * Pending changes of owned lines are removed; those of others stay. Snapshots are not changed.
 * @throws TooManyDevices if no number is free for a `devN`.
 */
export function desiredConfig(text: string, wanted: WantedConfig): Desired {
  const { current, pending } = parseContainerConfig(text)
  const isOwned = (entry: ConfigEntry): boolean => lineForms(entry).some((line) => wanted.owns(line))
  const stays = pending.entries.filter((entry) => !isOwned(entry) && isEffective(entry, pending.entries))
  const overwritten = new Set(stays.filter(isSetting).map(({ key }) => key))
  const missing = contentLines(wanted.content)
  const lines: string[] = []
  const leaving = new Set<number>()
  const owned = new Set<string>()
  for (const entry of current.entries.filter(isOwned)) {
    const effective = isEffective(entry, current.entries)
    if (effective) owned.add(entry.key)
    const usable = effective && !overwritten.has(entry.key)
    const at = missing.findIndex((want) => usable && means(want, entry))
    if (at === -1) leaving.add(entry.line)
    else {
      missing.splice(at, 1)
      lines.push(canonicalLine(entry))
    }
  }
  for (const { line } of revived(current.entries, (entry) => leaving.has(entry.line))) leaving.add(line)
  const undone = [...pending.entries.filter(isOwned), ...revived(pending.entries, isOwned)]
  const goes = new Set(undone.map(({ line }) => line))
  const undelete = (name: string): boolean => owned.has(name)
  const taken = new Set([
    ...current.entries.filter(({ line }) => !leaving.has(line)).map(({ key }) => key),
    ...overwritten,
    ...pending.deletes.flatMap(({ names }) => names.filter((name) => !undelete(name))),
  ])
  const coming = missing.map((want) => numbered(want, taken))
  const edited = editContainerConfig(text, {
    remove: ({ line }) => leaving.has(line),
    add: coming,
    removePending: ({ line }) => goes.has(line),
    undelete,
  })
  return { text: edited, lines: [...lines, ...coming] }
}

/** Earlier lines of settings whose last line goes: Proxmox ignores them until then. */
function revived(
  entries: readonly ConfigEntry[],
  goes: (entry: ConfigEntry) => boolean,
): readonly ConfigEntry[] {
  return entries.filter(
    (entry) =>
      isSetting(entry) &&
      entries.some((later) => later.key === entry.key && later.line > entry.line && goes(later)),
  )
}

function isSetting({ key }: ConfigEntry): boolean {
  return !key.startsWith('lxc.')
}

/** No number below 256 is free: Proxmox VE has dev0 to dev255. */
export class TooManyDevices extends Error {}

export function contentLines(content: string): string[] {
  return content
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

function means(want: string, entry: ConfigEntry): boolean {
  if (want.startsWith('devN: ')) return /^dev\d+$/.test(entry.key) && sameValue(want.slice(6), entry.value)
  return want === lineOf(entry)
}

/** `path=/dev/x,mode=0666` is the same as `/dev/x,mode=0666`, and the options have no order. */
function sameValue(a: string, b: string): boolean {
  const parts = (value: string): string =>
    value
      .split(',')
      .filter((part) => part !== '')
      .map((part) => (part.includes('=') ? part : `path=${part}`))
      .sort()
      .join(',')
  return parts(a) === parts(b)
}

/** Proxmox uses the last of duplicate settings, but all raw `lxc.*` lines. */
function isEffective(entry: ConfigEntry, entries: readonly ConfigEntry[]): boolean {
  return !isSetting(entry) || !entries.some(({ key, line }) => key === entry.key && line > entry.line)
}

function numbered(want: string, taken: Set<string>): string {
  if (!want.startsWith('devN: ')) return want
  for (let number = 0; number < 256; number += 1) {
    const key = `dev${number}`
    if (taken.has(key)) continue
    taken.add(key)
    return `${key}: ${want.slice(6)}`
  }
  throw new TooManyDevices('it already has 256 devices')
}
