/**
 * A text with one line present or absent.
 *
 * Laws (tested): a second run changes nothing; every other line keeps its bytes, including its line ending.
 */
import {
  bodyOf,
  endingOf,
  type LineMatcher,
  type LinePlace,
  matchIn,
  placeIn,
  splitLines,
  withInserted,
} from '../support/text-lines.ts'

export interface LineRequest extends LinePlace {
  readonly state: 'present' | 'absent'
  readonly line: string | undefined
  readonly matches: LineMatcher | undefined
  /** The new text of a matching line, if it depends on the old one. Without a matching line nothing changes. */
  readonly rewrite: ((line: string) => string) | undefined
}

export function withLine(text: string, request: LineRequest): string {
  const lines = splitLines(text)
  return (request.state === 'absent' ? without(lines, request) : withPresent(lines, request)).join('')
}

/** Number of lines that the request matches. */
export function countLines(text: string, { line, matches }: LineRequest): number {
  return splitLines(text).filter((entry) => (matches ? matches(bodyOf(entry)) : bodyOf(entry) === line))
    .length
}

function without(lines: readonly string[], { line, matches }: LineRequest): readonly string[] {
  return lines.filter((entry) => !(matches ? matches(bodyOf(entry)) : bodyOf(entry) === line))
}

function withPresent(lines: readonly string[], request: LineRequest): readonly string[] {
  const { line = '', matches, rewrite } = request
  const found = matches === undefined ? -1 : matchIn(lines, matches, request)
  const old = lines[found] ?? ''
  if (rewrite !== undefined) return found < 0 ? lines : lines.with(found, entryOf(rewrite(bodyOf(old)), old))
  const present = lines.some((entry) => bodyOf(entry) === line)
  // If `regexp` does not match `line` itself ("#Port" becomes "Port 22"), search for the exact line;
  // otherwise the next run would replace another one.
  if (present && matches?.(line) !== true) return lines
  if (found >= 0) return lines.with(found, entryOf(line, old))
  return withInserted(lines, [line], placeIn(lines, request))
}

/** A line with the line ending of the one that it replaces. An empty line without a line ending is not a line. */
function entryOf(line: string, old: string): string {
  return line + (endingOf(old) || (line === '' ? '\n' : ''))
}
