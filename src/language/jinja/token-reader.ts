/** Reads the tokens of a Jinja expression and marks Jinja-only syntax. */
import type { Token } from './tokens.ts'
import type { ForeignSyntax } from './tree.ts'

/** Thrown for text that is not a Jinja expression. */
export class NotJinja extends Error {}

export class TokenReader {
  readonly marks: ForeignSyntax[] = []
  readonly #tokens: readonly Token[]
  #next = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#next + ahead]
  }

  skip(count = 1): void {
    this.#next += count
  }

  take(operator: string): boolean {
    const token = this.peek()
    if (token?.kind !== 'operator' || token.raw !== operator) return false
    this.skip()
    return true
  }

  demand(operator: string): void {
    if (!this.take(operator)) throw new NotJinja()
  }

  takeWord(word: string): Token | undefined {
    const token = this.peek()
    if (token?.kind !== 'name' || token.raw !== word) return undefined
    this.skip()
    return token
  }

  /** `ansible.builtin.version` is `version`. */
  dottedName(): string {
    let name = this.#name()
    while (this.take('.')) name = this.#name()
    return name
  }

  #name(): string {
    const token = this.peek()
    if (token?.kind !== 'name') throw new NotJinja()
    this.skip()
    return token.raw
  }

  /** `inCel`: it has the same meaning in CEL. */
  mark(token: Token | undefined, what: string, inCel = false): void {
    this.marks.push({ start: token?.start ?? 0, length: token?.raw.length ?? 1, what, inCel })
  }
}
