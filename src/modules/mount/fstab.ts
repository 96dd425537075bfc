/** The text of /etc/fstab with an entry for one path present or absent (fstab(5)). */
import { mountField } from '../../base/posix-paths.ts'
import { bodyOf, endingOf, splitLines, withInserted } from '../support/text-lines.ts'

export interface FstabEntry {
  readonly src: string
  readonly path: string
  readonly fstype: string
  readonly opts: string
  readonly dump: number
  readonly passno: number
}

/** The entries for a path, in order. */
export function entriesFor(text: string, path: string): readonly FstabEntry[] {
  return splitLines(text).flatMap((line) => {
    const entry = entryOf(line)
    return entry?.path === path ? [entry] : []
  })
}

/** Laws (tested): a second run changes nothing; all other lines keep their bytes. */
export function withEntry(text: string, path: string, wanted: FstabEntry | undefined): string {
  const lines = splitLines(text)
  const at = lines.findIndex((line) => entryOf(line)?.path === path)
  if (wanted === undefined) return lines.filter((line) => entryOf(line)?.path !== path).join('')
  const now = lines[at]
  if (now === undefined) return withInserted(lines, [lineOf(wanted)], lines.length).join('')
  if (isSame(entryOf(now), wanted)) return text
  return lines.with(at, lineOf(wanted) + endingOf(now)).join('')
}

export function isSame(a: FstabEntry | undefined, b: FstabEntry): boolean {
  return a !== undefined && lineOf(a) === lineOf(b)
}

function entryOf(line: string): FstabEntry | undefined {
  const text = bodyOf(line).trim()
  if (text === '' || text.startsWith('#')) return undefined
  const [src = '', path = '', fstype = '', opts = 'defaults', dump = '0', passno = '0'] = text.split(/[ \t]+/)
  return {
    src: mountField(src),
    path: withoutSlash(mountField(path)),
    fstype,
    opts: mountField(opts),
    dump: Number.parseInt(dump, 10) || 0,
    passno: Number.parseInt(passno, 10) || 0,
  }
}

function withoutSlash(path: string): string {
  return path.replace(/(.)\/+$/, '$1')
}

function lineOf({ src, path, fstype, opts, dump, passno }: FstabEntry): string {
  return [src, path, fstype, opts, String(dump), String(passno)].map(escaped).join(' ')
}

function escaped(field: string): string {
  return field.replaceAll(
    /[\s\\#]/g,
    (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`,
  )
}
