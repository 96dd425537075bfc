/** Lines of a text, each with its own line ending, and places between them. */
import { compilePattern } from './regular-expression.ts'

export type LineMatcher = (line: string) => boolean

/** Where new lines are inserted: after or before a line that matches, or at the end. */
export interface LinePlace {
  /** The first of several matching lines counts, not the last. */
  readonly first: boolean
  readonly after: 'EOF' | LineMatcher | undefined
  readonly before: 'BOF' | LineMatcher | undefined
}

/** A regular expression in the arguments of a task. */
export const patternProperty = { type: 'string', minLength: 1, maxLength: 1000 } as const

/** Each with its line ending; the last may have none. */
export function splitLines(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

/** The line without its ending. */
export function bodyOf(entry: string): string {
  return entry.replace(/\r?\n$/, '')
}

export function endingOf(entry: string): string {
  return entry.slice(bodyOf(entry).length)
}

/** The line ending of a text: that of its first line. */
function newlineOf(lines: readonly string[]): string {
  return endingOf(lines[0] ?? '') || '\n'
}

/** The place of `insertafter` and `insertbefore`, or the error in a pattern. */
export function linePlace(given: {
  readonly insertafter?: string | undefined
  readonly insertbefore?: string | undefined
  readonly firstmatch?: boolean
}): LinePlace | { readonly wrong: string } {
  const after = given.insertafter === 'EOF' ? 'EOF' : lineMatcher('insertafter', given.insertafter)
  const before = given.insertbefore === 'BOF' ? 'BOF' : lineMatcher('insertbefore', given.insertbefore)
  if (typeof after === 'object') return after
  return typeof before === 'object' ? before : { first: given.firstmatch === true, after, before }
}

/** The matcher of an argument, or the error in its pattern; undefined if the argument is not given. */
export function lineMatcher(
  name: string,
  source: string | undefined,
): LineMatcher | { readonly wrong: string } | undefined {
  if (source === undefined) return undefined
  const compiled = compilePattern(source)
  return 'wrong' in compiled ? { wrong: `\`${name}\`: ${compiled.wrong}` } : compiled.matches
}

/** The index of the line that matches; -1 if none does. */
export function matchIn(
  lines: readonly string[],
  matches: LineMatcher,
  { first }: Pick<LinePlace, 'first'>,
): number {
  const wanted = (entry: string): boolean => matches(bodyOf(entry))
  return first ? lines.findIndex(wanted) : lines.findLastIndex(wanted)
}

/** The index at which new lines are inserted. */
export function placeIn(lines: readonly string[], place: LinePlace): number {
  const { after, before } = place
  if (before === 'BOF') return 0
  if (before !== undefined) {
    const at = matchIn(lines, before, place)
    return at < 0 ? lines.length : at
  }
  if (after === undefined || after === 'EOF') return lines.length
  const at = matchIn(lines, after, place)
  return at < 0 ? lines.length : at + 1
}

/** Inserts new lines, given without their endings. Ends the line before them if it has no ending. */
export function withInserted(
  lines: readonly string[],
  added: readonly string[],
  at: number,
): readonly string[] {
  const newline = newlineOf(lines)
  const before = lines.slice(0, at)
  const last = before.at(-1)
  if (added.length > 0 && last !== undefined && endingOf(last) === '')
    before[before.length - 1] = last + newline
  return [...before, ...added.map((line) => line + newline), ...lines.slice(at)]
}
