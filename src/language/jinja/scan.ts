/** Finds the parts of a text that matter to a template language: placeholders and Jinja syntax. */

export interface Part {
  readonly kind: 'placeholder' | 'tag' | 'comment'
  /** With its braces. */
  readonly text: string
  readonly start: number
}

/** The first words of tags of Jinja and its extensions. */
const tagWords =
  'autoescape block break call continue do elif else endautoescape endblock endcall endfilter endfor endif endmacro endraw ' +
  'endset endtrans endwith extends filter for from if import include macro pluralize raw set trans with'
const tags = new Set(tagWords.split(' '))

/** The start of a part; `\{{` is literal. */
const opening = /\\?\{\{|\{%|\{#/g

/**
 * In the order of the text. Ignores look-alikes: `${#list[@]}` and `${name%suffix}` of shells, `%{time}` of
 * log formats, and `{%` without a word of Jinja.
 */
export function partsOf(text: string): readonly Part[] {
  const parts: Part[] = []
  const lastComment = text.lastIndexOf('#}')
  let offset = 0
  for (;;) {
    opening.lastIndex = offset
    const found = opening.exec(text)
    if (found === null) return parts
    const part = partAt(text, found, lastComment)
    if (part === undefined) {
      offset = found.index + found[0].length
    } else {
      parts.push(part)
      offset = part.start + part.text.length
    }
  }
}

function partAt(text: string, { 0: braces, index }: RegExpExecArray, lastComment: number): Part | undefined {
  if (braces.startsWith('\\')) {
    // Two backslashes are one literal backslash before a placeholder.
    return text[index - 1] === '\\' ? placeholderAt(text, index + 1) : undefined
  }
  if (braces === '{{') return placeholderAt(text, index)
  return braces === '{%' ? tagAt(text, index) : commentAt(text, index, lastComment)
}

function placeholderAt(text: string, start: number): Part {
  const end = text.startsWith('{{!--', start)
    ? ending(/--~?\}\}/g, text, start + 5)
    : (ending(/(?:"[^"]*"|'[^']*'|(?!\}\})[^"'])*?\}\}\}?/gy, text, start + 2) ??
      ending(/\}\}\}?/g, text, start + 2))
  return { kind: 'placeholder', text: text.slice(start, end), start }
}

/** Anything longer is text, not a misspelt tag; this bounds the time per opening. */
const longestUnknownTag = 300

function tagAt(text: string, start: number): Part | undefined {
  const [, blank = '', word = ''] = /^\{%[-+]?(\s*)([a-z_]*)/.exec(text.slice(start, start + 100)) ?? []
  if (tags.has(word)) {
    const end = ending(/%\}/g, text, start + 2)
    return end === undefined && blank === ''
      ? undefined
      : { kind: 'tag', text: text.slice(start, end), start }
  }
  if (word === '' || blank === '') return undefined
  // An unknown word: misspelt, or from an extension.
  const found = /^[^\n{}]*%\}/.exec(text.slice(start + 2, start + longestUnknownTag))
  return found === null ? undefined : { kind: 'tag', text: `{%${found[0]}`, start }
}

function commentAt(text: string, start: number, last: number): Part | undefined {
  // The length of a variable of a shell: ${#name}, ${#list[@]}, ${#}.
  if (text[start - 1] === '$' && /^\{#[\w@*#?!$}-]/.test(text.slice(start, start + 3))) return undefined
  const end = last < start + 2 ? undefined : ending(/#\}/g, text, start + 2)
  return end === undefined ? undefined : { kind: 'comment', text: text.slice(start, end), start }
}

function ending(pattern: RegExp, text: string, from: number): number | undefined {
  pattern.lastIndex = from
  const found = pattern.exec(text)
  return found === null ? undefined : found.index + found[0].length
}
