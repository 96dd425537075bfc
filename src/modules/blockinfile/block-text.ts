/**
 * A text with a block of lines between two markers.
 *
 * Laws (tested): a second run changes nothing; every line outside the block keeps its bytes.
 */
import { bodyOf, endingOf, type LinePlace, placeIn, splitLines, withInserted } from '../support/text-lines.ts'

export interface BlockRequest {
  /** The marker before the block. */
  readonly begin: string
  readonly end: string
  /** The lines between the markers; undefined if the block must be absent. */
  readonly block: readonly string[] | undefined
  /** Where a new block is inserted. */
  readonly place: LinePlace
}

export function withBlock(text: string, request: BlockRequest): string | { readonly wrong: string } {
  const { begin, end, block, place } = request
  const ambiguous = [begin, end].find((marker) => block?.includes(marker))
  if (ambiguous !== undefined) return { wrong: `\`block\` contains the marker "${ambiguous}"` }
  if (begin === end) return { wrong: '`marker_begin` and `marker_end` must differ' }
  const lines = splitLines(text)
  const [begins, ends] = [placesOf(lines, begin), placesOf(lines, end)]
  const [from, to] = [begins[0], ends[0]]
  if (from === undefined && to === undefined) {
    if (block === undefined) return text
    return withInserted(lines, [begin, ...block, end], placeIn(lines, place)).join('')
  }
  if (from === undefined || to === undefined)
    return {
      wrong: `there is a line "${to === undefined ? begin : end}", but no line "${to === undefined ? end : begin}"`,
    }
  if (begins.length > 1 || ends.length > 1)
    return { wrong: `there is more than one line "${begins.length > 1 ? begin : end}"` }
  if (to < from) return { wrong: `the line "${end}" comes before the line "${begin}"` }
  const newline = endingOf(lines[from] ?? '')
  const last = lines[to] ?? ''
  const replaced = block === undefined ? [] : [begin, ...block].map((line) => line + newline)
  const kept = block === undefined ? [] : [end + endingOf(last)]
  return [...lines.slice(0, from), ...replaced, ...kept, ...lines.slice(to + 1)].join('')
}

function placesOf(lines: readonly string[], marker: string): readonly number[] {
  return lines.flatMap((entry, index) => (bodyOf(entry) === marker ? [index] : []))
}
