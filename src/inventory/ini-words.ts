/**
 * Splits a line of INI by shell rules, as Ansible does: at spaces outside quotes; `\` escapes a character;
 * `#` starts a comment.
 *
 * Unlike Ansible, it keeps two things whole: text between `{{` and `}}`, and a value that starts with `[` or
 * `{`, including its quotes.
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

/** Returns `undefined` if a quote is not closed, or if the line ends with a backslash. */
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

/** Takes the text in quotes, starting at the opening quote. Returns the offset after the closing one. */
function quoted(line: string, start: number, take: (offset: number) => void): number | undefined {
  const quote = line[start]
  for (let index = start + 1; index < line.length; index++) {
    const character = line[index]
    if (character === quote) return index + 1
    // In double quotes, a backslash escapes only a double quote or a backslash.
    if (character === '\\' && quote === '"' && /["\\]/.test(line[index + 1] ?? '')) index += 1
    take(index)
  }
  return undefined
}

/**
 * Returns the end of a part that is kept whole and starts here: a placeholder, or a whole value in brackets.
 */
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
