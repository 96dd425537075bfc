/**
 * Values as Python writes them, which is how Ansible reads the values of an INI inventory
 * (`ast.literal_eval`): numbers, text, `True`, `False`, `None`, lists, tuples, maps and sets.
 *
 * A comment after a value is not part of it. Anything else is not a literal, but plain text.
 * https://docs.python.org/3/library/ast.html#ast.literal_eval
 */

export type PythonLiteral =
  | { readonly kind: 'scalar'; readonly value: string | number | boolean | null; readonly source: string }
  | { readonly kind: 'list'; readonly items: readonly PythonLiteral[] }
  | { readonly kind: 'map'; readonly entries: ReadonlyMap<string, PythonLiteral> }

/** Returns `undefined` if the text is not a literal. */
export function pythonLiteral(text: string): PythonLiteral | undefined {
  const reader = new Reader(text)
  const value = reader.value(0)
  return value === undefined || !reader.atEnd() ? undefined : value
}

const words: Readonly<Record<string, boolean | null>> = { True: true, False: false, None: null }
/** JSON's words, only in lists and maps: elsewhere Ansible reads them as text. */
const jsonWords: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null }
/** Deeper values are read as text. */
const deepest = 50

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  atEnd(): boolean {
    this.#skip()
    return this.#at >= this.#text.length || this.#text[this.#at] === '#'
  }

  value(depth: number): PythonLiteral | undefined {
    this.#skip()
    if (depth > deepest) return undefined
    switch (this.#text[this.#at]) {
      case '[':
        return this.#list(']', depth)
      case '(':
        return this.#list(')', depth)
      case '{':
        return this.#map(depth)
      case '"':
      case "'":
        return this.#strings()
      default:
        return this.#prefixed() ?? this.#word(depth) ?? this.#number()
    }
  }

  #skip(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1
  }

  #take(mark: string): boolean {
    this.#skip()
    if (this.#text[this.#at] !== mark) return false
    this.#at += 1
    return true
  }

  #list(end: string, depth: number): PythonLiteral | undefined {
    this.#at += 1
    const items: PythonLiteral[] = []
    let separated = true
    while (!this.#take(end)) {
      const item = separated ? this.value(depth + 1) : undefined
      if (item === undefined) return undefined
      items.push(item)
      separated = this.#take(',')
    }
    // In Python, parentheses around one value mean that value.
    const [only] = items
    return end === ')' && items.length === 1 && !separated ? only : { kind: 'list', items }
  }

  /** A map, or a set, which becomes a list. */
  #map(depth: number): PythonLiteral | undefined {
    this.#at += 1
    const entries = new Map<string, PythonLiteral>()
    const items: PythonLiteral[] = []
    let separated = true
    while (!this.#take('}')) {
      const key = separated ? this.value(depth + 1) : undefined
      if (key?.kind !== 'scalar') return undefined
      if (this.#take(':')) {
        const value = this.value(depth + 1)
        if (value === undefined) return undefined
        entries.set(typeof key.value === 'string' ? key.value : key.source, value)
      } else {
        items.push(key)
      }
      separated = this.#take(',')
    }
    if (items.length === 0) return { kind: 'map', entries }
    return entries.size === 0 ? { kind: 'list', items } : undefined
  }

  /** `u'text'` and `r'text'`; a backslash in the latter stays as it is. */
  #prefixed(): PythonLiteral | undefined {
    const string = /[uU](?=["'])|[rR](?:"([^"\\]|\\.)*"|'([^'\\]|\\.)*')/y
    string.lastIndex = this.#at
    const [found] = string.exec(this.#text) ?? []
    if (found === undefined) return undefined
    this.#at += found.length
    return found.length === 1 ? this.#strings() : { kind: 'scalar', value: found.slice(2, -1), source: found }
  }

  /** Python joins adjacent strings. */
  #strings(): PythonLiteral | undefined {
    const start = this.#at
    let value = ''
    for (;;) {
      const part = this.#string()
      if (part === undefined) return undefined
      value += part
      this.#skip()
      if (!/["']/.test(this.#text[this.#at] ?? '')) break
    }
    return { kind: 'scalar', value, source: this.#text.slice(start, this.#at).trimEnd() }
  }

  #string(): string | undefined {
    const quote = this.#text[this.#at] ?? ''
    // Triple-quoted strings do not fit on a line of INI.
    if (this.#text.startsWith(quote.repeat(3), this.#at)) return undefined
    let value = ''
    for (let index = this.#at + 1; index < this.#text.length; index++) {
      const character = this.#text[index] ?? ''
      if (character === quote) {
        this.#at = index + 1
        return value
      }
      if (character !== '\\') {
        value += character
        continue
      }
      const escape = /\\(?:x([\da-fA-F]{2})|u([\da-fA-F]{4})|U([\da-fA-F]{8})|([0-7]{1,3})|([^xuUN]))/y
      escape.lastIndex = index
      const [whole, hex, four, eight, octal, one] = escape.exec(this.#text) ?? []
      if (whole === undefined) return undefined
      const code = hex ?? four ?? eight
      if (code !== undefined && Number.parseInt(code, 16) > 0x10ffff) return undefined
      if (code !== undefined) value += String.fromCodePoint(Number.parseInt(code, 16))
      else if (octal !== undefined) value += String.fromCodePoint(Number.parseInt(octal, 8))
      else value += escapes[one ?? ''] ?? whole
      index += whole.length - 1
    }
    return undefined
  }

  #word(depth: number): PythonLiteral | undefined {
    const word = /[A-Za-z_]\w*/y
    word.lastIndex = this.#at
    const [name] = word.exec(this.#text) ?? []
    if (name === undefined) return undefined
    const known = Object.hasOwn(words, name) || (depth > 0 && Object.hasOwn(jsonWords, name))
    if (!known) return undefined
    this.#at += name.length
    return { kind: 'scalar', value: words[name] ?? jsonWords[name] ?? null, source: name }
  }

  #number(): PythonLiteral | undefined {
    const number =
      /[+-]?\s*(?:0[xX](?:_?[\da-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*)?\.\d(?:_?\d)*(?:[eE][+-]?\d+)?|\d(?:_?\d)*\.?(?:[eE][+-]?\d+)?)(?![\w.])/y
    number.lastIndex = this.#at
    const [source] = number.exec(this.#text) ?? []
    if (source === undefined) return undefined
    const digits = source.replaceAll(/[\s_]/g, '')
    // Numbers such as 0644 are syntax errors in Python, so they are text.
    if (/^[+-]?0\d*[1-9]\d*$/.test(digits)) return undefined
    const value = digits.startsWith('-') ? -Number(digits.slice(1)) : Number(digits.replace(/^\+/, ''))
    // A number that JavaScript cannot represent exactly stays text.
    if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) return undefined
    this.#at += source.length
    return { kind: 'scalar', value: Object.is(value, -0) ? 0 : value, source }
  }
}

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\n': '',
}
