/** A text with all matches of a pattern replaced. */
import { filledFrom } from '../support/group-references.ts'
import { type CompiledPattern, compilePattern } from '../support/regular-expression.ts'

export interface Replacement {
  readonly regexp: string
  /** In Python's syntax (`re.sub`): `\1`, `\g<name>`, `\n`, `\t`, `\r`, `\\`. */
  readonly replace: string
  /** Patterns that limit the part of the text. */
  readonly after: string | undefined
  readonly before: string | undefined
}

export interface Replaced {
  readonly text: string
  readonly found: number
}

export type Replace = (text: string) => Replaced

/** Prepares a replacement; returns what is wrong with one of its patterns. */
export function replacer(request: Replacement): Replace | { readonly wrong: string } {
  const patterns = new Map<string, CompiledPattern>()
  for (const name of ['regexp', 'after', 'before'] as const) {
    const source = request[name]
    if (source === undefined) continue
    const compiled = compilePattern(source, { lines: true })
    if ('wrong' in compiled) return { wrong: `\`${name}\`: ${compiled.wrong}` }
    patterns.set(name, compiled)
  }
  const pattern = patterns.get('regexp')
  if (pattern === undefined) throw new Error('there is no pattern to replace')
  const fill = filledFrom(request.replace, pattern)
  if (typeof fill !== 'function') return { wrong: `\`replace\`: ${fill.wrong}` }
  return (text) => {
    const [from, to] = sectionOf(text, patterns.get('after'), patterns.get('before'))
    const section = text.slice(from, to)
    const matches = pattern.all(section)
    let [out, at] = ['', 0]
    for (const match of matches) {
      out += section.slice(at, match.start) + fill(match)
      at = match.end
    }
    return { text: text.slice(0, from) + out + section.slice(at) + text.slice(to), found: matches.length }
  }
}

/** The part of the text to search; empty if a limit does not match. */
function sectionOf(
  text: string,
  after: CompiledPattern | undefined,
  before: CompiledPattern | undefined,
): readonly [number, number] {
  const from = after === undefined ? 0 : after.all(text)[0]?.end
  if (from === undefined) return [0, 0]
  if (before === undefined) return [from, text.length]
  const limits = before.all(text).filter(({ start }) => start >= from)
  const to = after === undefined ? limits.at(-1)?.start : limits[0]?.start
  return to === undefined ? [0, 0] : [from, to]
}
