/**
 * A text with one line present or absent.
 *
 * Laws (tested): a second run changes nothing; every other line keeps its bytes, including its line ending.
 */
export interface LineRequest {
  readonly state: 'present' | 'absent'
  readonly line: string | undefined
  readonly matches: ((line: string) => boolean) | undefined
  /** `EOF`, or a matcher for the line to insert after. */
  readonly after: 'EOF' | ((line: string) => boolean) | undefined
  /** `BOF`, or a matcher for the line to insert before. */
  readonly before: 'BOF' | ((line: string) => boolean) | undefined
}

export function withLine(text: string, request: LineRequest): string {
  const lines = split(text)
  return (request.state === 'absent' ? without(lines, request) : withPresent(lines, request)).join('')
}

/** Number of lines that the request matches. */
export function countLines(text: string, { line, matches }: LineRequest): number {
  return split(text).filter((entry) => (matches ? matches(body(entry)) : body(entry) === line)).length
}

/** Each with its line ending; the last may have none. */
function split(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? []
}

function body(entry: string): string {
  return entry.replace(/\r?\n$/, '')
}

function ending(entry: string): string {
  return entry.slice(body(entry).length)
}

function without(lines: readonly string[], { line, matches }: LineRequest): readonly string[] {
  return lines.filter((entry) => !(matches ? matches(body(entry)) : body(entry) === line))
}

function withPresent(lines: readonly string[], request: LineRequest): readonly string[] {
  const { line = '', matches } = request
  const present = lines.some((entry) => body(entry) === line)
  // If `regexp` does not match `line` itself ("#Port" becomes "Port 22"), search for the exact line;
  // otherwise the next run would replace another one.
  if (present && matches?.(line) !== true) return lines
  const found = matches === undefined ? -1 : lines.findLastIndex((entry) => matches(body(entry)))
  // An empty line without a line ending is not a line.
  const end = ending(lines[found] ?? '') || (line === '' ? '\n' : '')
  if (found >= 0) return lines.with(found, line + end)
  return inserted(lines, line, place(lines, request))
}

function place(lines: readonly string[], { after, before }: LineRequest): number {
  if (before === 'BOF') return 0
  if (before !== undefined) {
    const at = lines.findLastIndex((entry) => before(body(entry)))
    return at < 0 ? lines.length : at
  }
  if (after === undefined || after === 'EOF') return lines.length
  const at = lines.findLastIndex((entry) => after(body(entry)))
  return at < 0 ? lines.length : at + 1
}

function inserted(lines: readonly string[], line: string, at: number): readonly string[] {
  const newline = ending(lines[0] ?? '') || '\n'
  const before = lines.slice(0, at)
  const last = before.at(-1)
  if (last !== undefined && ending(last) === '') before[before.length - 1] = last + newline
  return [...before, line + newline, ...lines.slice(at)]
}
