/** Finds the position of the first name of a path in a text. */

/** Blanks the text outside placeholders, so that its words do not count as names. */
export function placeholdersOnly(text: string): string {
  let end = 0
  let result = ''
  for (const match of text.matchAll(/\{\{.*?\}\}/gs)) {
    result += ' '.repeat(match.index - end) + match[0]
    end = match.index + match[0].length
  }
  return result
}

/**
 * Returns the position of a word in a text, starting at an offset, or -1. Finds a name after a dot only if
 * there is no other.
 */
export function findWord(text: string, word: string, from = 0): number {
  const escaped = word.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')
  const pattern = new RegExp(`(?<![\\w.])${escaped}(?!\\w)`)
  const loose = new RegExp(`(?<!\\w)${escaped}(?!\\w)`)
  const rest = text.slice(from)
  const found = pattern.exec(rest)?.index ?? loose.exec(rest)?.index
  return found === undefined ? -1 : from + found
}
