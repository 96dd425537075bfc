/** Decides which owned lines of a container's configuration to remove and which to add. Pure. */
import {
  editContainerConfig,
  type ConfigEntry,
  parseContainerConfig,
} from '../../proxmox/container-config.ts'

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
 * Reads and changes only the current section. An existing wanted line stays in place, whatever its number; a
 * line that is owned but not wanted, or a duplicate, is removed; missing lines are added at the end of the
 * section.
 * @throws TooManyDevices if no number is free for a `devN`.
 */
export function desiredConfig(text: string, wanted: WantedConfig): Desired {
  const { current, pending } = parseContainerConfig(text)
  const missing = contentLines(wanted.content)
  const lines: string[] = []
  const leaving = new Set<number>()
  for (const entry of current.entries) {
    const line = lineOf(entry)
    if (!wanted.owns(line)) continue
    const at = missing.findIndex((want) => means(want, entry) && isEffective(entry, current.entries))
    if (at === -1) leaving.add(entry.line)
    else {
      missing.splice(at, 1)
      lines.push(line)
    }
  }
  const taken = new Set([
    ...current.entries.filter(({ line }) => !leaving.has(line)).map(({ key }) => key),
    ...pending.settings.keys(),
  ])
  const coming = missing.map((want) => numbered(want, taken))
  const edited =
    leaving.size === 0 && coming.length === 0
      ? text
      : editContainerConfig(text, { remove: ({ line }) => leaving.has(line), add: coming })
  return { text: edited, lines: [...lines, ...coming] }
}

/** No number below 256 is free: Proxmox VE has dev0 to dev255. */
export class TooManyDevices extends Error {}

export function contentLines(content: string): string[] {
  return content
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
}

export function lineOf({ key, value }: ConfigEntry): string {
  return `${key}: ${value}`
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
  return (
    entry.key.startsWith('lxc.') || !entries.some(({ key, line }) => key === entry.key && line > entry.line)
  )
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
