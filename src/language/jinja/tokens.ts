/**
 * Splits a Jinja expression into tokens (https://jinja.palletsprojects.com/en/stable/templates/#expressions).
 */

export interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'operator'
  /** As written, quotes included. */
  readonly raw: string
  readonly start: number
}

const patterns: readonly (readonly [Token['kind'], RegExp])[] = [
  ['text', /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/sy],
  ['number', /\d+(?:_\d+)*(?:\.\d+)?(?:[eE][+-]?\d+)?/y],
  ['name', /[A-Za-z_]\w*/y],
  ['operator', /\*\*|\/\/|==|!=|<=|>=|[-+*/%~<>()[\]{}.,:|=]/y],
]

const blanks = /\s*/y

/** Returns `undefined` for an unclosed quote or a stray character. */
export function tokensOf(text: string): readonly Token[] | undefined {
  const tokens: Token[] = []
  let offset = 0
  for (;;) {
    blanks.lastIndex = offset
    offset += blanks.exec(text)?.[0].length ?? 0
    if (offset >= text.length) return tokens
    const token = tokenAt(text, offset)
    if (token === undefined) return undefined
    tokens.push(token)
    offset += token.raw.length
  }
}

function tokenAt(text: string, start: number): Token | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = start
    const raw = pattern.exec(text)?.[0]
    if (raw !== undefined) return { kind, raw, start }
  }
  return undefined
}

/** Returns the content of a quoted string. */
export function unquoted(raw: string): string {
  return raw.slice(1, -1).replaceAll(/\\(.)/gs, (whole, escaped: string) => escapes[escaped] ?? whole)
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  '\\': '\\',
  '"': '"',
  "'": "'",
}
