/** Finds in a text the place of a name that a path begins with. */

/** The text with blanks where it is no placeholder, so that words of the text are not taken for names. */
export function placeholdersOnly(text: string): string {
  let end = 0
  let result = ''
  for (const match of text.matchAll(/\{\{.*?\}\}/gs)) {
    result += ' '.repeat(match.index - end) + match[0]
    end = match.index + match[0].length
  }
  return result
}

/** Where a word stands in a text, from an offset on; -1 where it does not. A name that follows a dot is found only if there is no other. */
export function findWord(text: string, word: string, from = 0): number {
  const escaped = word.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&')
  const pattern = new RegExp(`(?<![\\w.])${escaped}(?!\\w)`)
  const loose = new RegExp(`(?<!\\w)${escaped}(?!\\w)`)
  const rest = text.slice(from)
  const found = pattern.exec(rest)?.index ?? loose.exec(rest)?.index
  return found === undefined ? -1 : from + found
}
