/** Lines of a terminal from colored parts, cut to its width. */
import { cut, widthOf } from './text.ts'

export interface LinePart {
  readonly text: string
  /** Adds the color after the text has been cut. */
  readonly paint?: (text: string) => string
}

/** Joins the parts that are not empty with two spaces, and cuts what does not fit. */
export function coloredLine(parts: readonly LinePart[], width: number): string {
  let left = width
  const shown: string[] = []
  for (const { text, paint = (same: string) => same } of parts) {
    if (text === '' || left <= 0) continue
    const before = shown.length === 0 ? '' : '  '
    if (left <= before.length) break
    const fitting = cut(text, left - before.length)
    shown.push(before + paint(fitting))
    left -= before.length + widthOf(fitting)
    if (fitting !== text) break
  }
  return shown.join('')
}
