/**
 * Reads and writes apt's source lists: one-line `.list` and deb822 `.sources` (sources.list(5)).
 *
 * Law (tested): reading a rendered entry returns the same entry; disabling an entry keeps every other byte.
 */
import type { WriteFile } from '../host/action.ts'
import type { Host } from '../host/host.ts'
import { backupDirectory } from '../host/work-directory.ts'

/** Everything that names a repository. Other files in the directory are ignored by apt (sources.list(5)). */
export const sourcesDirectory = '/etc/apt/sources.list.d'
export const mainSources = '/etc/apt/sources.list'
const sourcesName = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*\.(?:list|sources)$/

/** The texts of all source files that apt reads, by path. @throws UnknownError, HostError */
export async function readSources(host: Host): Promise<ReadonlyMap<string, string>> {
  const names = (await host.list(sourcesDirectory)) ?? []
  const listed = names.filter((name) => sourcesName.test(name)).map((name) => `${sourcesDirectory}/${name}`)
  const texts = await Promise.all(
    [mainSources, ...listed].map(async (path) => [path, await host.text(path)] as const),
  )
  return new Map(texts.flatMap(([path, text]) => (text === undefined ? [] : [[path, text] as const])))
}

export interface SourceEntry {
  readonly types: readonly string[]
  readonly uris: readonly string[]
  readonly suites: readonly string[]
  readonly components: readonly string[]
  readonly architectures: readonly string[]
  /** Path, fingerprint or armored key, as written; undefined if there is none. */
  readonly signedBy: string | undefined
}

export type SourceFormat = 'deb822' | 'list'

/** An entry with its line range in the file, from 0, end excluded. */
export interface PlacedEntry extends SourceEntry {
  readonly from: number
  readonly to: number
}

function formatOf(path: string): SourceFormat {
  return path.endsWith('.sources') ? 'deb822' : 'list'
}

/** The enabled entries of a file. */
export function entriesOf(path: string, text: string): readonly PlacedEntry[] {
  return parseSources(text, formatOf(path))
}

/** The enabled entries of a text, without those that apt cannot parse. */
export function parseSources(text: string, format: SourceFormat): readonly PlacedEntry[] {
  const lines = text.split('\n')
  return format === 'deb822' ? parseStanzas(lines) : parseLines(lines)
}

function parseLines(lines: readonly string[]): readonly PlacedEntry[] {
  return lines.flatMap((line, index) => {
    const entry = parseLine(line)
    return entry ? [{ ...entry, from: index, to: index + 1 }] : []
  })
}

function parseLine(line: string): SourceEntry | undefined {
  const match = /^\s*(deb|deb-src)\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)([^#]*)/.exec(line)
  if (!match) return undefined
  const [, type = '', options = '', uri = '', suite = '', components = ''] = match
  const settings = new Map(
    list(options).map((option) => {
      const at = option.indexOf('=')
      return [option.slice(0, at).toLowerCase(), option.slice(at + 1)] as const
    }),
  )
  return {
    types: [type],
    uris: [uri],
    suites: [suite],
    components: list(components),
    architectures: (settings.get('arch') ?? '').split(',').filter((name) => name !== ''),
    signedBy: settings.get('signed-by'),
  }
}

function parseStanzas(lines: readonly string[]): readonly PlacedEntry[] {
  const found: PlacedEntry[] = []
  let from = 0
  for (let at = 0; at <= lines.length; at += 1) {
    const line = lines[at]
    if (line !== undefined && line.trim() !== '') continue
    const entry = at > from ? parseStanza(lines.slice(from, at)) : undefined
    if (entry) found.push({ ...entry, from, to: at })
    from = at + 1
  }
  return found
}

function parseStanza(lines: readonly string[]): SourceEntry | undefined {
  const fields = new Map<string, string[]>()
  let current: string[] | undefined
  for (const line of lines) {
    if (line.startsWith('#')) continue
    const match = /^([^\s:]+):\s*(.*)$/.exec(line)
    if (match) {
      current = match[2] === undefined || match[2] === '' ? [] : [match[2].trimEnd()]
      fields.set((match[1] ?? '').toLowerCase(), current)
    } else current?.push(line.trim() === '.' ? '' : line.replace(/^\s/, '').trimEnd())
  }
  const words = (name: string): readonly string[] => list((fields.get(name) ?? []).join(' '))
  const enabled = (fields.get('enabled') ?? ['yes']).join('').trim().toLowerCase()
  if (/^(no|false|without|off|disable|0)$/.test(enabled)) return undefined
  if (words('uris').length === 0 || words('suites').length === 0) return undefined
  const signed = fields.get('signed-by')
  return {
    types: words('types'),
    uris: words('uris'),
    suites: words('suites'),
    components: words('components'),
    architectures: words('architectures'),
    signedBy: signed === undefined ? undefined : signed.join('\n').trim(),
  }
}

function list(text: string): readonly string[] {
  return text.split(/\s+/).filter((word) => word !== '')
}

const header = '# Written by gpuplay; changes here are undone by its next run.\n'

export function renderSources(entry: SourceEntry, format: SourceFormat): string {
  return header + (format === 'deb822' ? stanza(entry) : oneLiners(entry))
}

function stanza(entry: SourceEntry): string {
  const fields: readonly (readonly [string, string])[] = [
    ['Types', entry.types.join(' ')],
    ['URIs', entry.uris.join(' ')],
    ['Suites', entry.suites.join(' ')],
    ['Components', entry.components.join(' ')],
    ['Architectures', entry.architectures.join(' ')],
    ['Signed-By', folded(entry.signedBy ?? '')],
  ]
  return fields
    .filter(([, value]) => value !== '')
    .map(([name, value]) => `${name}:${value.startsWith('\n') ? '' : ' '}${value}\n`)
    .join('')
}

/** A key of several lines is written below its field, indented, with a dot for empty lines. */
function folded(value: string): string {
  if (!value.includes('\n')) return value
  return value
    .split('\n')
    .map((line) => `\n ${line === '' ? '.' : line}`)
    .join('')
}

function oneLiners(entry: SourceEntry): string {
  const options = [
    ...(entry.architectures.length === 0 ? [] : [`arch=${entry.architectures.join(',')}`]),
    ...(entry.signedBy === undefined ? [] : [`signed-by=${entry.signedBy}`]),
  ]
  const bracket = options.length === 0 ? '' : `[${options.join(' ')}] `
  const lines: string[] = []
  for (const type of entry.types)
    for (const uri of entry.uris)
      for (const suite of entry.suites)
        lines.push(`${[`${type} ${bracket}${uri}`, suite, ...entry.components].join(' ')}\n`)
  return lines.join('')
}

/** Disables these entries in the text; they can be enabled again by hand. */
export function disableEntries(text: string, format: SourceFormat, entries: readonly PlacedEntry[]): string {
  const lines = text.split('\n')
  // From the end, so that earlier positions stay valid.
  for (const { from, to } of entries.toSorted((a, b) => b.from - a.from)) {
    if (format === 'list') lines.splice(from, to - from, `# Disabled by gpuplay: ${lines[from] ?? ''}`)
    else {
      const kept = lines.slice(from, to).filter((line) => !/^enabled\s*:/i.test(line))
      lines.splice(from, to - from, '# Disabled by gpuplay.', 'Enabled: no', ...kept)
    }
  }
  return lines.join('\n')
}

/** Writes a text that is no secret. */
export interface WriteText extends WriteFile {
  readonly content: { readonly kind: 'text'; readonly text: string }
}

/** Writes the file with these entries disabled. A backup of the former text remains. */
export function disable(path: string, text: string, entries: readonly PlacedEntry[]): WriteText {
  return {
    kind: 'writeFile',
    path,
    content: { kind: 'text', text: disableEntries(text, formatOf(path), entries) },
    backup: true,
    backupDirectory,
    label: `disable the conflicting entries in ${path}`,
  }
}

/**
 * apt compares URL and suite. Scheme and final slash are ignored, since both spellings cause the same
 * conflict.
 */
export function sameRepository(a: SourceEntry, b: SourceEntry): boolean {
  const uris = new Set(a.uris.map(plainUri))
  return b.uris.some((uri) => uris.has(plainUri(uri))) && b.suites.some((suite) => a.suites.includes(suite))
}

function plainUri(uri: string): string {
  return uri.replace(/^https?:/, '').replace(/\/+$/, '')
}
