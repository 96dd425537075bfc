/**
 * The text of an INI file (also systemd's and Git's) with one option or section present or absent.
 *
 * Laws (tested): a second run changes nothing; all other lines keep their bytes.
 */
import { bodyOf, endingOf, splitLines, withInserted } from '../support/text-lines.ts'

export interface IniRequest {
  /** Undefined: the lines before the first section. */
  readonly section: string | undefined
  /** Undefined: the section itself. */
  readonly option: string | undefined
  /** Undefined: an option without a value, or with any value if it must be absent. */
  readonly value: string | undefined
  readonly state: 'present' | 'absent'
  /** Whether the option has only this value. */
  readonly exclusive: boolean
  /** Between option and value. */
  readonly separator: string
}

type Lines = readonly string[]

/** The lines of a section, without its header. */
interface Range {
  readonly from: number
  readonly to: number
}

export function withOption(text: string, request: IniRequest): string | { readonly wrong: string } {
  const { section, option, state } = request
  const lines = splitLines(text)
  const ranges = rangesOf(lines, section)
  if (option === undefined) return withSection(lines, ranges, request)
  const own = ranges.flatMap(({ from, to }) =>
    lines.slice(from, to).flatMap((entry, index) => {
      const found = optionOf(bodyOf(entry))
      return found?.name === option ? [{ at: from + index, value: found.value }] : []
    }),
  )
  const continued = own.find(({ at }) => bodyOf(lines[at] ?? '').endsWith('\\'))
  const gone = own.filter(({ value }) => request.exclusive || value === request.value)
  if (state === 'absent') {
    if (continued !== undefined) return continues(continued.at, option)
    return without(lines, new Set(gone.map(({ at }) => at))).join('')
  }
  const keeps = own.find(({ value }) => value === request.value)
  const replaces = keeps ?? (request.exclusive ? own[0] : undefined)
  const others = request.exclusive ? own.filter(({ at }) => at !== replaces?.at) : []
  if (continued !== undefined && (replaces !== keeps || others.length > 0))
    return continues(continued.at, option)
  const wanted = `${option}${request.value === undefined ? '' : `${request.separator}${request.value}`}`
  if (replaces !== undefined) {
    const replaced =
      keeps === undefined ? lines.with(replaces.at, wanted + endingOf(lines[replaces.at] ?? '')) : lines
    return without(replaced, new Set(others.map(({ at }) => at))).join('')
  }
  const [range] = ranges
  if (range === undefined) return withInserted(lines, [`[${section ?? ''}]`, wanted], lines.length).join('')
  return withInserted(lines, [wanted], endOf(lines, range)).join('')
}

function withSection(lines: Lines, ranges: readonly Range[], { section = '', state }: IniRequest): string {
  if (state === 'present')
    return (ranges.length > 0 ? lines : withInserted(lines, [`[${section}]`], lines.length)).join('')
  const gone = ranges.flatMap(({ from, to }) =>
    Array.from({ length: to - from + 1 }, (_, index) => from - 1 + index),
  )
  return without(lines, new Set(gone)).join('')
}

function without(lines: Lines, gone: ReadonlySet<number>): Lines {
  return lines.filter((_, index) => !gone.has(index))
}

function continues(at: number, option: string): { readonly wrong: string } {
  return { wrong: `line ${at + 1} sets ${option} and continues on the next line` }
}

/** The ranges of all sections with this name; a file may have several. */
function rangesOf(lines: Lines, section: string | undefined): readonly Range[] {
  const headers = lines.flatMap((entry, index) => {
    const name = /^\s*\[([^\]]*)\]\s*(?:[#;].*)?$/.exec(bodyOf(entry))?.[1]
    return name === undefined ? [] : [{ name, index }]
  })
  if (section === undefined) return [{ from: 0, to: headers[0]?.index ?? lines.length }]
  return headers.flatMap(({ name, index }, place) =>
    name === section ? [{ from: index + 1, to: headers[place + 1]?.index ?? lines.length }] : [],
  )
}

/** After the last line that is not blank. */
function endOf(lines: Lines, { from, to }: Range): number {
  const last = lines.slice(from, to).findLastIndex((entry) => entry.trim() !== '')
  return from + last + 1
}

function optionOf(line: string): { readonly name: string; readonly value: string | undefined } | undefined {
  const [, name = '', value] = /^\s*([^\s#;[=][^=]*?)\s*(?:=\s*(.*?)\s*)?$/.exec(line) ?? []
  return name === '' ? undefined : { name, value }
}
