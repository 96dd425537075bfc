/**
 * Parses Jinja expressions, so that hints can show their CEL or Handlebars equivalent. They are never
 * evaluated.
 *
 * Not a package, because those for JavaScript support neither tests with arguments (`is version('1', '>=')`)
 * nor token positions; the hints need both.
 */
import { NotJinja, TokenReader } from './token-reader.ts'
import { type Token, tokensOf, unquoted } from './tokens.ts'
import type { JinjaArgument, JinjaNode, ForeignSyntax } from './tree.ts'

export interface ParsedJinja {
  readonly node: JinjaNode
  /** In the order of the text. */
  readonly marks: readonly ForeignSyntax[]
}

/** Returns `undefined` if the text is not a Jinja expression. */
export function parseJinja(text: string): ParsedJinja | undefined {
  const tokens = tokensOf(text)
  if (tokens === undefined || tokens.length === 0) return undefined
  try {
    const reader = new TokenReader(tokens)
    const node = new Parser(reader).all(tokens.at(-1)?.raw === ',')
    return { node, marks: [...reader.marks].sort((left, right) => left.start - right.start) }
  } catch (error) {
    if (error instanceof NotJinja) return undefined
    throw error
  }
}

const comparisons = new Set(['==', '!=', '<', '<=', '>', '>='])
const words = new Set(['and', 'or', 'not', 'in', 'is', 'if', 'else'])
/** The deepest nesting of brackets. */
const deepest = 100

class Parser {
  readonly #reader: TokenReader
  #depth = 0

  constructor(reader: TokenReader) {
    this.#reader = reader
  }

  all(endsWithComma: boolean): JinjaNode {
    const first = this.#reader.peek()
    const items = [this.#choice()]
    while (this.#reader.take(',')) if (this.#reader.peek() !== undefined) items.push(this.#choice())
    if (this.#reader.peek() !== undefined) throw new NotJinja()
    const [only] = items
    if (items.length === 1 && only !== undefined && !endsWithComma) return only
    this.#reader.mark(first, 'a tuple')
    return { kind: 'list', items }
  }

  #choice(): JinjaNode {
    if (++this.#depth > deepest) throw new NotJinja()
    let node = this.#or()
    for (let word = this.#reader.takeWord('if'); word !== undefined; word = this.#reader.takeWord('if')) {
      this.#reader.mark(word, 'a Jinja inline "if"')
      const condition = this.#or()
      const no = this.#reader.takeWord('else') === undefined ? undefined : this.#choice()
      node = { kind: 'choice', condition, yes: node, no }
    }
    this.#depth -= 1
    return node
  }

  #or(): JinjaNode {
    return this.#words('or', () => this.#words('and', () => this.#not()))
  }

  #words(operator: 'or' | 'and', operand: () => JinjaNode): JinjaNode {
    let left = operand()
    for (
      let word = this.#reader.takeWord(operator);
      word !== undefined;
      word = this.#reader.takeWord(operator)
    ) {
      this.#reader.mark(word, 'a Jinja operator')
      left = { kind: 'binary', operator, left, right: operand() }
    }
    return left
  }

  #not(): JinjaNode {
    const word = this.#reader.takeWord('not')
    if (word === undefined) return this.#comparison()
    this.#reader.mark(word, 'a Jinja operator')
    return { kind: 'not', of: this.#not() }
  }

  #comparison(): JinjaNode {
    let left = this.#sum()
    let whole: JinjaNode | undefined
    for (;;) {
      const operator = this.#comparisonOperator()
      if (operator === undefined) return whole ?? left
      const right = this.#sum()
      const part: JinjaNode = { kind: 'binary', operator, left, right }
      whole = whole === undefined ? part : { kind: 'binary', operator: 'and', left: whole, right: part }
      left = right
    }
  }

  #comparisonOperator(): string | undefined {
    const token = this.#reader.peek()
    if (token === undefined) return undefined
    if (token.kind === 'operator' && comparisons.has(token.raw)) {
      this.#reader.skip()
      this.#reader.mark(token, 'an operator', true)
      return token.raw
    }
    if (this.#reader.takeWord('in') !== undefined) {
      this.#reader.mark(token, 'an operator', true)
      return 'in'
    }
    if (token.raw === 'not' && this.#reader.peek(1)?.raw === 'in') {
      this.#reader.skip(2)
      this.#reader.mark(token, 'a Jinja operator')
      return 'not in'
    }
    return undefined
  }

  #sum(): JinjaNode {
    return this.#operators(['+', '-'], () =>
      this.#operators(['~'], () => this.#operators(['*', '/', '//', '%'], () => this.#sign())),
    )
  }

  #operators(operators: readonly string[], operand: () => JinjaNode): JinjaNode {
    let left = operand()
    for (;;) {
      const token = this.#reader.peek()
      if (token?.kind !== 'operator' || !operators.includes(token.raw)) return left
      this.#reader.skip()
      if (token.raw === '~' || token.raw === '//') this.#reader.mark(token, 'a Jinja operator')
      else this.#reader.mark(token, 'an operator', true)
      left = { kind: 'binary', operator: token.raw, left, right: operand() }
    }
  }

  #sign(): JinjaNode {
    const token = this.#reader.peek()
    if (token?.raw === '-' && token.kind === 'operator') {
      this.#reader.skip()
      return { kind: 'minus', of: this.#sign() }
    }
    if (this.#reader.take('+')) return this.#sign()
    const base = this.#postfix(this.#primary())
    const power = this.#reader.peek()
    if (power?.raw !== '**') return base
    this.#reader.skip()
    this.#reader.mark(power, 'a Jinja operator')
    return { kind: 'binary', operator: '**', left: base, right: this.#sign() }
  }

  #primary(): JinjaNode {
    const token = this.#reader.peek()
    if (token === undefined) throw new NotJinja()
    this.#reader.skip()
    switch (token.kind) {
      case 'text':
        return { kind: 'text', value: unquoted(token.raw) + this.#moreText() }
      case 'number':
        return { kind: 'number', raw: token.raw.replaceAll('_', '') }
      case 'name':
        if (words.has(token.raw)) throw new NotJinja()
        return { kind: 'name', name: token.raw }
      case 'operator':
        return this.#bracket(token)
    }
  }

  /** Adjacent strings are one. */
  #moreText(): string {
    let more = ''
    for (let token = this.#reader.peek(); token?.kind === 'text'; token = this.#reader.peek()) {
      this.#reader.mark(token, 'a second text')
      more += unquoted(token.raw)
      this.#reader.skip()
    }
    return more
  }

  #bracket(token: Token): JinjaNode {
    if (token.raw === '(') {
      const items = this.#items(')')
      const [only] = items
      if (items.length === 1 && only !== undefined) return only
      this.#reader.mark(token, 'a tuple')
      return { kind: 'list', items }
    }
    this.#reader.mark(token, token.raw === '{' ? 'a map' : 'a list', true)
    if (token.raw === '[') return { kind: 'list', items: this.#items(']') }
    if (token.raw !== '{') throw new NotJinja()
    const entries: (readonly [JinjaNode, JinjaNode])[] = []
    while (!this.#reader.take('}')) {
      const key = this.#choice()
      this.#reader.demand(':')
      entries.push([key, this.#choice()])
      if (!this.#reader.take(',') && this.#reader.peek()?.raw !== '}') throw new NotJinja()
    }
    return { kind: 'map', entries }
  }

  #items(end: string): readonly JinjaNode[] {
    const items: JinjaNode[] = []
    while (!this.#reader.take(end)) {
      items.push(this.#choice())
      if (!this.#reader.take(',') && this.#reader.peek()?.raw !== end) throw new NotJinja()
    }
    return items
  }

  #postfix(start: JinjaNode): JinjaNode {
    let node = start
    for (;;) {
      const token = this.#reader.peek()
      if (token?.raw === 'is' && token.kind === 'name') node = this.#test(token, node)
      else if (token?.kind !== 'operator') return node
      else if (token.raw === '|') node = this.#filter(token, node)
      else if (token.raw === '.') node = this.#field(node)
      else if (token.raw === '[') node = this.#index(token, node)
      else if (token.raw === '(') {
        this.#reader.skip()
        this.#reader.mark(token, 'a call', true)
        node = { kind: 'call', callee: node, args: this.#arguments() }
      } else return node
    }
  }

  #field(of: JinjaNode): JinjaNode {
    this.#reader.skip()
    const token = this.#reader.peek()
    if (token?.kind !== 'name' && token?.kind !== 'number') throw new NotJinja()
    this.#reader.skip()
    if (token.kind === 'name') return { kind: 'field', of, key: token.raw }
    this.#reader.mark(token, 'a Jinja index')
    return { kind: 'index', of, key: { kind: 'number', raw: token.raw } }
  }

  #index(token: Token, of: JinjaNode): JinjaNode {
    this.#reader.skip()
    const from = this.#reader.peek()?.raw === ':' ? undefined : this.#choice()
    if (!this.#reader.take(':')) {
      this.#reader.demand(']')
      const negative = from?.kind === 'minus'
      this.#reader.mark(token, 'an index', !negative)
      if (from === undefined) throw new NotJinja()
      return { kind: 'index', of, key: from }
    }
    this.#reader.mark(token, 'a Jinja slice')
    const to = this.#reader.peek()?.raw === ']' ? undefined : this.#choice()
    this.#reader.demand(']')
    return { kind: 'slice', of, from, to }
  }

  #filter(bar: Token, of: JinjaNode): JinjaNode {
    this.#reader.skip()
    this.#reader.mark(bar, 'a Jinja filter')
    return {
      kind: 'filter',
      of,
      name: this.#reader.dottedName(),
      args: this.#reader.take('(') ? this.#arguments() : [],
    }
  }

  #test(word: Token, of: JinjaNode): JinjaNode {
    this.#reader.skip()
    this.#reader.mark(word, 'a Jinja test')
    const negated = this.#reader.takeWord('not') !== undefined
    if (this.#reader.takeWord('in') !== undefined)
      return { kind: 'test', of, name: 'in', args: [{ name: undefined, value: this.#sum() }], negated }
    const name = this.#reader.dottedName()
    if (this.#reader.take('(')) return { kind: 'test', of, name, args: this.#arguments(), negated }
    const token = this.#reader.peek()
    const takes =
      token !== undefined &&
      (token.kind === 'operator' ? token.raw === '[' : !(token.kind === 'name' && words.has(token.raw)))
    const args = takes ? [{ name: undefined, value: this.#postfix(this.#primary()) }] : []
    return { kind: 'test', of, name, args, negated }
  }

  #arguments(): readonly JinjaArgument[] {
    const args: JinjaArgument[] = []
    while (!this.#reader.take(')')) {
      const named = this.#reader.peek()?.kind === 'name' && this.#reader.peek(1)?.raw === '='
      const name = named ? this.#reader.peek()?.raw : undefined
      if (named) this.#reader.skip(2)
      args.push({ name, value: this.#choice() })
      if (!this.#reader.take(',') && this.#reader.peek()?.raw !== ')') throw new NotJinja()
    }
    return args
  }
}
