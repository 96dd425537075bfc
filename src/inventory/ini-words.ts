/**
 * Splits a line of INI with the rules of a shell, as Ansible does: at spaces outside of quotes, with `\` before a character that shall stand for itself; `#` begins a
 * comment.
 *
 * Two things are kept whole that Ansible takes apart or refuses: what stands between `{{` and `}}`, and a value that begins with `[` or `{`, with its quotes.
 */

export interface Word {
  /** Without the quotes and backslashes. */
  readonly text: string
  /** Offset of its first character in the line. */
  readonly start: number
  readonly end: number
  /** For each character of `text`, its offset in the line. */
  readonly offsets: readonly number[]
}

/** `undefined` when a quote is not closed, or the line ends with a backslash. */
export function wordsOf(line: string): readonly Word[] | undefined {
  const found: Word[] = []
  let index = 0
  for (;;) {
    while (/\s/.test(line[index] ?? '')) index += 1
    if (index >= line.length || line[index] === '#') return found
    const word = readWord(line, index)
    if (word === undefined) return undefined
    found.push(word)
    if (line[word.end] === '#') return found
    index = word.end
  }
}

function readWord(line: string, start: number): Word | undefined {
  const offsets: number[] = []
  let text = ''
  let index = start
  const take = (offset: number): void => {
    text += line[offset] ?? ''
    offsets.push(offset)
  }
  const takeTo = (end: number): void => {
    while (index < end) take(index++)
  }
  while (index < line.length) {
    const character = line[index] ?? ''
    if (/[\s#]/.test(character)) break
    const whole = wholeUntil(line, index, text)
    if (whole !== undefined) {
      takeTo(whole)
    } else if (character === '\\') {
      if (index + 1 >= line.length) return undefined
      take(index + 1)
      index += 2
    } else if (character === '"' || character === "'") {
      const end = quoted(line, index, take)
      if (end === undefined) return undefined
      index = end
    } else {
      take(index++)
    }
  }
  return { text, start, end: index, offsets }
}

/** Takes what is inside quotes, from the opening one on; the offset behind the closing one. */
function quoted(line: string, start: number, take: (offset: number) => void): number | undefined {
  const quote = line[start]
  for (let index = start + 1; index < line.length; index++) {
    const character = line[index]
    if (character === quote) return index + 1
    // In double quotes a backslash protects a quote and itself, and is a backslash elsewhere.
    if (character === '\\' && quote === '"' && /["\\]/.test(line[index + 1] ?? '')) index += 1
    take(index)
  }
  return undefined
}

/** The end of what begins here and is kept as it is: a placeholder, or the brackets of a whole value. */
function wholeUntil(line: string, start: number, before: string): number | undefined {
  if (line.startsWith('{{', start)) {
    const end = line.indexOf('}}', start)
    if (end !== -1) return end + 2
  }
  if (!/^[^=]+=$/.test(before) || !/[[{]/.test(line[start] ?? '')) return undefined
  const end = balancedEnd(line, start)
  return end === undefined || /[^\s#]/.test(line[end] ?? ' ') ? undefined : end
}

const closing: Readonly<Record<string, string>> = { '[': ']', '{': '}', '(': ')' }

function balancedEnd(line: string, start: number): number | undefined {
  const open: string[] = []
  let quote: string | undefined
  for (let index = start; index < line.length; index++) {
    const character = line[index] ?? ''
    if (quote !== undefined) {
      if (character === '\\') index += 1
      else if (character === quote) quote = undefined
    } else if (character === '"' || character === "'") {
      quote = character
    } else if (Object.hasOwn(closing, character)) {
      open.push(closing[character] ?? '')
    } else if (/[\]})]/.test(character)) {
      if (open.pop() !== character) return undefined
      if (open.length === 0) return index + 1
    }
  }
  return undefined
}
