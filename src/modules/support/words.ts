/**
 * Splits a command line into words as a POSIX shell would, without expanding anything: quotes and backslashes
 * only.
 * @returns undefined when a quote is not closed.
 */
export function words(line: string): readonly string[] | undefined {
  const found: string[] = []
  let word: string | undefined
  let at = 0
  while (at < line.length) {
    const character = line.charAt(at)
    if (/\s/.test(character)) {
      if (word !== undefined) found.push(word)
      word = undefined
      at += 1
    } else if (character === "'") {
      const end = line.indexOf("'", at + 1)
      if (end < 0) return undefined
      word = (word ?? '') + line.slice(at + 1, end)
      at = end + 1
    } else if (character === '"') {
      const quoted = doubleQuoted(line, at + 1)
      if (!quoted) return undefined
      word = (word ?? '') + quoted.text
      at = quoted.end
    } else if (character === '\\') {
      if (at + 1 >= line.length) return undefined
      // A backslash at the end of a line joins the lines.
      if (line.charAt(at + 1) !== '\n') word = (word ?? '') + line.charAt(at + 1)
      at += 2
    } else {
      word = (word ?? '') + character
      at += 1
    }
  }
  if (word !== undefined) found.push(word)
  return found
}

/** Inside double quotes a backslash is special only before these (POSIX Shell, 2.2.3). */
function doubleQuoted(line: string, start: number): { text: string; end: number } | undefined {
  let text = ''
  for (let at = start; at < line.length; at += 1) {
    const character = line.charAt(at)
    if (character === '"') return { text, end: at + 1 }
    const next = line.charAt(at + 1)
    if (character === '\\' && '$`"\\\n'.includes(next) && next !== '') {
      text += next === '\n' ? '' : next
      at += 1
    } else text += character
  }
  return undefined
}
