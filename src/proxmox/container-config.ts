/**
 * A container's configuration, `/etc/pve/lxc/CTID.conf`, as Proxmox VE reads and writes it (pve-container,
 * `PVE::LXC::Config`, in its non-strict mode: it warns about unknown lines and never refuses them).
 *
 * Three functions for the same text: `parseContainerConfig` (as Proxmox reads it), `rewriteContainerConfig`
 * (as any `pct set` writes it), `editContainerConfig` (our own change, which keeps every other byte).
 */
import { isAllowedLxcKey, refusedLxcKeys } from './lxc-keys.ts'
import { checkSetting } from './container-settings.ts'

/** One line that sets something. */
export interface ConfigEntry {
  /** `dev0`, `memory`, `lxc.mount.entry`. */
  readonly key: string
  /** Without surrounding white space. */
  readonly value: string
  /** Counts from 1, in the whole file. */
  readonly line: number
}

/** The current configuration, the pending changes or one snapshot. */
export interface ConfigSection {
  /** Comment lines, decoded, without `#`: the notes that the web interface shows. Each ends in a newline. */
  readonly description: string
  /** The last value of a duplicate key applies. `delete` occurs only in the pending section. */
  readonly settings: ReadonlyMap<string, string>
  /** Only in the pending section: the settings that the next start deletes. The last such line applies. */
  readonly deletes: readonly DeleteLine[]
  /** The raw `lxc.*` lines in order, including duplicates. */
  readonly lxc: readonly ConfigEntry[]
  /** Settings and raw lines that Proxmox keeps, in file order, including duplicates. */
  readonly entries: readonly ConfigEntry[]
}

/** A line `delete: dev0,!net1` of the pending section; `!` deletes even what is in use. */
export interface DeleteLine {
  /** Names of settings, without `!`. */
  readonly names: readonly string[]
  readonly entry: ConfigEntry
}

export interface ConfigWarning {
  /** Proxmox's text, without its prefix `vm CTID - `, with its newlines; some end in one. */
  readonly message: string
}

export interface ContainerConfig {
  readonly current: ConfigSection
  readonly pending: ConfigSection
  readonly snapshots: ReadonlyMap<string, ConfigSection>
  /** Proxmox's warnings on standard error, in order. Its next rewrite drops lines that it cannot parse. */
  readonly warnings: readonly ConfigWarning[]
}

/** Never fails: invalid text results in warnings. */
export function parseContainerConfig(text: string): ContainerConfig {
  const warnings: ConfigWarning[] = []
  const current = new SectionBuilder()
  let pending = new SectionBuilder()
  const snapshots = new Map<string, SectionBuilder>()
  let section = current
  text.split('\n').forEach((content, index) => {
    const line = index + 1
    const header = sectionHeader(content)
    if (header === 'pve:pending') section = pending = new SectionBuilder()
    else if (header !== undefined) snapshots.set(header, (section = new SectionBuilder()))
    else {
      for (const message of section.read(content, line, section === pending)) warnings.push({ message })
    }
  })
  return {
    current: current.section(),
    pending: pending.section(),
    snapshots: new Map([...snapshots].map(([name, builder]) => [name, builder.section()])),
    warnings,
  }
}

/** The file after a rewrite by Proxmox: canonical order and spelling, without invalid lines. Idempotent. */
export function rewriteContainerConfig(config: ContainerConfig): string {
  let text = sectionText(config.current)
  if (config.pending.settings.size > 0 || config.pending.lxc.length > 0) {
    text += `\n[pve:pending]\n${sectionText(config.pending)}`
  }
  for (const [name, snapshot] of [...config.snapshots].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    text += `\n[${name}]\n${sectionText(snapshot)}`
  }
  return text
}

export interface ContainerConfigEdit {
  /** Called for every entry of the current section; true removes its line. */
  readonly remove: (entry: ConfigEntry) => boolean
  /** Lines `key: value` to add at the end of the current section, in this order. */
  readonly add: readonly string[]
  /** Called for every entry of the pending section; true removes its line. */
  readonly removePending?: (entry: ConfigEntry) => boolean
  /** Called for every name that the next start deletes; true keeps the setting instead. */
  readonly undelete?: (name: string) => boolean
}

/**
 * Changes the current section and, where asked, the pending changes. Keeps every byte of the other lines,
 * including comments and invalid lines. Adds a newline to an unterminated last line before it appends, and
 * removes the header of pending changes when none are left.
 * @throws Error for a line to add that is not `key: value`, which Proxmox would drop.
 */
export function editContainerConfig(text: string, edit: ContainerConfigEdit): string {
  for (const line of edit.add) {
    if (!/^[a-z][a-z0-9_.-]*: \S.*$/.test(line))
      throw new Error(`not a line "key: value": ${JSON.stringify(line)}`)
  }
  const { current, pending } = parseContainerConfig(text)
  const removed = new Set(current.entries.filter(edit.remove).map(({ line }) => line))
  const lines = text.split(/(?<=\n)/)
  const firstHeader = lines.findIndex((line) => headerOf(line) !== undefined)
  const end = firstHeader === -1 ? lines.length : firstHeader
  const kept = lines.slice(0, end).filter((_, index) => !removed.has(index + 1))
  if (edit.add.length > 0) {
    const lastFilled = kept.findLastIndex((line) => line.trim() !== '')
    const before = kept[lastFilled]
    if (before !== undefined && !before.endsWith('\n')) kept[lastFilled] = `${before}\n`
    kept.splice(lastFilled + 1, 0, ...edit.add.map((line) => `${line}\n`))
  }
  return [...kept, ...editPending(lines, end, pending, edit)].join('')
}

/** The lines after the current section, whose number is `end`. */
function editPending(
  lines: readonly string[],
  end: number,
  pending: ConfigSection,
  { removePending = () => false, undelete = () => false }: ContainerConfigEdit,
): readonly string[] {
  const changed = new Map<number, string>()
  for (const { line } of pending.entries.filter(removePending)) changed.set(line, '')
  const last = pending.deletes.at(-1)
  const left = last?.names.filter((name) => !undelete(name)) ?? []
  if (last !== undefined && left.length < last.names.length) {
    // Without the last line, an earlier one would take effect.
    for (const { entry } of pending.deletes) changed.set(entry.line, '')
    const words = deleteWords(last.entry.value).filter((word) => left.includes(nameOf(word)))
    if (words.length > 0) changed.set(last.entry.line, `delete: ${words.join(',')}\n`)
  }
  const rest = lines.slice(end).map((line, index) => changed.get(end + index + 1) ?? line)
  if (changed.size === 0) return rest
  const header = rest.findIndex((line) => headerOf(line) === 'pve:pending')
  const next = rest.findIndex((line, index) => index > header && headerOf(line) !== undefined)
  const body = rest.slice(header + 1, next === -1 ? rest.length : next)
  if (body.some((line) => line.trim() !== '')) return rest
  return [...rest.slice(0, header), ...(next === -1 ? [] : rest.slice(next))]
}

/** Names are separated by commas, semicolons or spaces (PVE::Tools, `split_list`). */
function deleteWords(value: string): readonly string[] {
  return value.split(/[,;\s\0]+/).filter((word) => word !== '')
}

function nameOf(word: string): string {
  return word.replace(/^!/, '')
}

function headerOf(line: string): string | undefined {
  return sectionHeader(line.replace(/\n$/, ''))
}

/** The name of the section that this line starts; undefined for other lines, including invalid headers. */
function sectionHeader(line: string): string | undefined {
  if (/^\[pve:pending\][ \t\r\f\v]*$/i.test(line)) return 'pve:pending'
  return /^\[([a-z][a-z0-9_-]+)\][ \t\r\f\v]*$/i.exec(line)?.[1]
}

class SectionBuilder {
  #description = ''
  readonly #settings = new Map<string, string>()
  readonly #deletes: DeleteLine[] = []
  readonly #lxc: ConfigEntry[] = []
  readonly #entries: ConfigEntry[] = []

  /** Adds one line; returns its warnings. */
  read(content: string, line: number, pending: boolean): readonly string[] {
    if (/^[ \t\r\f\v]*$/.test(content)) return []
    if (content.startsWith('#')) {
      this.#description += `${decodeDescription(content.slice(1))}\n`
      return []
    }
    const raw = /^(lxc\.[a-z0-9_\-.]+)(?::|[ \t\r\f\v]*=)[ \t\r\f\v]*(.*?)[ \t\r\f\v]*$/.exec(content)
    if (raw) return this.#readLxc({ key: raw[1] ?? '', value: raw[2] ?? '', line }, content)
    const description = /^description:[ \t\r\f\v]*(.*[^ \t\r\f\v])[ \t\r\f\v]*$/.exec(content)
    if (description) {
      this.#description += decodeDescription(description[1] ?? '')
      return []
    }
    const setting = /^([a-z][a-z_]*[0-9]*):[ \t\r\f\v]*(.+?)[ \t\r\f\v]*$/.exec(content)
    if (setting) return this.#readSetting({ key: setting[1] ?? '', value: setting[2] ?? '', line }, pending)
    return [`unable to parse config: ${content}\n`]
  }

  section(): ConfigSection {
    return {
      description: this.#description,
      settings: this.#settings,
      deletes: this.#deletes,
      lxc: this.#lxc,
      entries: this.#entries,
    }
  }

  #readLxc(entry: ConfigEntry, content: string): readonly string[] {
    const refused = refusedLxcKeys.get(entry.key)
    if (refused !== undefined) return [`${entry.key}: ${refused}\n`]
    if (!isAllowedLxcKey(entry.key)) return [`unable to parse config: ${content}\n`]
    this.#entries.push(entry)
    this.#lxc.push(entry)
    if (!entry.key.startsWith('lxc.cgroup.')) return []
    return [`${entry.key} is deprecated, this will be a hard error in the future!\n`]
  }

  #readSetting(entry: ConfigEntry, pending: boolean): readonly string[] {
    if (entry.key === 'delete') {
      if (!pending) return [`property 'delete' is only allowed in [pve:pending]\n`]
      this.#settings.set('delete', entry.value)
      this.#deletes.push({ names: deleteWords(entry.value).map(nameOf), entry })
      return []
    }
    const checked = checkSetting(entry.key, entry.value)
    this.#entries.push(entry)
    this.#settings.set(entry.key, 'value' in checked ? checked.value : entry.value)
    return 'problem' in checked ? [`unable to parse value of '${entry.key}' - ${checked.problem}`] : []
  }
}

function sectionText(section: ConfigSection): string {
  const notes = section.description.split('\n')
  while (notes.at(-1) === '') notes.pop()
  // The setting `env` has the same values as these raw lines. The API separates them by NUL; here each is a
  // line.
  const environment = [
    ...(section.settings.get('env')?.split('\0') ?? []),
    ...section.lxc.filter(({ key }) => key === 'lxc.environment.runtime').map(({ value }) => value),
  ]
  const others = section.lxc.filter(({ key }) => key !== 'lxc.environment.runtime')
  return [
    ...notes.map((note) => `#${encodeDescription(note)}`),
    ...[...section.settings]
      .filter(([key]) => key !== 'env')
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, value]) => `${key}: ${value}`),
    ...environment.map((value) => `lxc.environment.runtime: ${value}`),
    ...others.map(({ key, value }) => `${key}: ${value}`),
  ]
    .map((line) => `${line}\n`)
    .join('')
}

/**
 * Notes as Proxmox writes them in a file or a list: control characters, `:`, `%` and everything beyond ASCII
 * as %XX of its UTF-8 bytes.
 */
export function encodeDescription(text: string): string {
  return text.replaceAll(/[^\x20-\x24\x26-\x39\x3b-\x7e]+/gu, (unsafe) =>
    [...Buffer.from(unsafe)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  )
}

function decodeDescription(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1')
  const plain = bytes.replaceAll(/%([0-9A-Fa-f]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  )
  return Buffer.from(plain, 'latin1').toString('utf8')
}
