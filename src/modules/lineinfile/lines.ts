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
  placeIn,
  splitLines,
  withInserted,
} from '../support/text-lines.ts'

export interface LineRequest extends LinePlace {
  readonly state: 'present' | 'absent'
  readonly line: string | undefined
  readonly matches: LineMatcher | undefined
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
  const { line = '', matches } = request
  const present = lines.some((entry) => bodyOf(entry) === line)
  // If `regexp` does not match `line` itself ("#Port" becomes "Port 22"), search for the exact line;
  // otherwise the next run would replace another one.
  if (present && matches?.(line) !== true) return lines
  const found = matches === undefined ? -1 : lines.findLastIndex((entry) => matches(bodyOf(entry)))
  // An empty line without a line ending is not a line.
  const end = endingOf(lines[found] ?? '') || (line === '' ? '\n' : '')
  if (found >= 0) return lines.with(found, line + end)
  return withInserted(lines, [line], placeIn(lines, request))
}
