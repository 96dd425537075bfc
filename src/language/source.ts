/** The text that positions point into, and how a place in it is shown. */
import { isSecretFile, isSecretName } from '../base/secret.ts'
import type { Position, Problem } from '../base/errors.ts'
import { given } from '../base/given.ts'

/** A file that a user wrote. Makes positions that can show their surroundings. */
export class SourceFile {
  readonly file: string
  readonly text: string
  readonly #lineStarts: readonly number[]

  constructor(file: string, text: string) {
    this.file = file
    this.text = text
    const starts = [0]
    for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) {
      starts.push(index + 1)
    }
    this.#lineStarts = starts
  }

  /** The place of `offset`; its length never goes past the end of the line. */
  position(offset: number, length = 1): SourcePosition {
    const clamped = Math.max(0, Math.min(offset, this.text.length))
    let low = 0
    let high = this.#lineStarts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#lineStarts[middle] ?? 0) <= clamped) low = middle
      else high = middle - 1
    }
    const start = this.#lineStarts[low] ?? 0
    const left = this.lineText(low + 1).length - (clamped - start)
    return new SourcePosition(this, {
      line: low + 1,
      column: clamped - start + 1,
      length: Math.max(1, Math.min(length, left)),
    })
  }

  lineText(line: number): string {
    const start = this.#lineStarts[line - 1]
    if (start === undefined) return ''
    const end = this.#lineStarts[line]
    return this.text.slice(start, end === undefined ? undefined : end - 1).replace(/\r$/, '')
  }

  /** The offset of a line's first character; lines count from 1. */
  lineStart(line: number): number {
    return this.#lineStarts[line - 1] ?? this.text.length
  }
}

export class SourcePosition implements Position {
  readonly file: string
  readonly line: number
  readonly column: number
  readonly length: number
  readonly #source: SourceFile

  constructor(source: SourceFile, place: { line: number; column: number; length: number }) {
    this.file = source.file
    this.line = place.line
    this.column = place.column
    this.length = place.length
    this.#source = source
  }

  /** The line and the one before it, numbered, with a caret under what is meant. Of a long line the part around it. */
  excerpt(): string {
    const width = String(this.line).length
    const row = (line: number, from: number) => {
      const text = partOfLine(withoutSecrets(this.#source.lineText(line), this.file), from)
      return `${String(line).padStart(width)} | ${text}`.trimEnd()
    }
    const meant = this.column - 1
    const text = this.#source.lineText(this.line)
    const from = text.length <= widest ? 0 : Math.max(0, Math.min(meant - widest / 2, text.length - widest))
    // Tabs are kept in front of the caret so that it lands under the same column whatever a tab's width is.
    const before = (from > 0 ? left : '') + text.slice(from, meant)
    const length = Math.max(1, Math.min(this.length, from + widest - meant))
    const caret = `${' '.repeat(width)} | ${before.replaceAll(/[^\t]/g, ' ')}${'^'.repeat(length)}`
    return [...(this.line > 1 ? [row(this.line - 1, 0)] : []), row(this.line, from), caret].join('\n')
  }
}

/** A line without the values whose names say that they are secrets; a value that is only made of other variables stays. */
function withoutSecrets(line: string, file: string): string {
  if (isSecretFile(file) && line.trim() !== '') return '(a line of a file of secrets)'
  const whole = /^\s*(?:- +)?["']?([\w-]+)["']?\s*:\s+/.exec(line)
  if (whole !== null && isSecretName(whole[1] ?? '')) return hideFrom(line, whole[0].length, line.length)
  let shown = ''
  let end = 0
  for (const key of line.matchAll(/(?<![\w-])([\w-]+)["']?\s*[:=](?!=)\s*/g)) {
    const from = key.index + key[0].length
    if (key.index < end || !isSecretName(key[1] ?? '')) continue
    flowValue.lastIndex = from
    const to = from + (flowValue.exec(line)?.[0].length ?? 0)
    shown += hideFrom(line.slice(end, to), from - end, to - end)
    end = to
  }
  return shown + line.slice(end)
}

/** A list or map up to the end of the line, a quoted text, or a word. */
const flowValue = /[[{].*|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,{}[\]]+/y

function hideFrom(text: string, from: number, to: number): string {
  const value = text.slice(from, to)
  return value === '' || /^["']?\{\{[^{}]*\}\}["']?$/.test(value) ? text : `${text.slice(0, from)}(secret)`
}

/** Characters of a line that an excerpt shows at most. */
const widest = 160
const left = '... '

function partOfLine(text: string, from: number): string {
  const part = text.slice(from, from + widest)
  return `${from > 0 ? left : ''}${part}${from + widest < text.length ? ' ...' : ''}`
}

/** Characters of a message or a hint, which may quote what somebody wrote. */
const longest = 600

/** The beginning and the end of a text that is longer than anybody reads. */
function shortened(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, 400)} ... ${text.slice(-150)}`
}

/** The lines around a position with a caret, where the text it points into is at hand. */
export function excerptOf(position: Position): string | undefined {
  return position instanceof SourcePosition ? position.excerpt() : undefined
}

export interface ProblemDetails {
  readonly where?: Position | undefined
  readonly hint?: string | undefined
}

/** A problem with the excerpt of its place. A long message or hint loses its middle. */
export function problem(code: string, message: string, details: ProblemDetails = {}): Problem {
  const excerpt = details.where === undefined ? undefined : excerptOf(details.where)
  const hint = details.hint === undefined ? undefined : shortened(details.hint)
  return { code, message: shortened(message), ...given({ hint, where: details.where, excerpt }) }
}

/** Where something stands in a text that came out of a file: maps offsets in that text to the file. */
export interface Locator {
  readonly where: Position
  /** The place of the characters from `offset` on. */
  at(offset: number, length: number): Position
}

/** A locator for text that came from the command line: everything is at one place. */
export function fixedLocator(where: Position): Locator {
  return { where, at: () => where }
}

/** A locator for text that is a whole file. */
export function fileLocator(source: SourceFile): Locator {
  return { where: source.position(0), at: (offset, length) => source.position(offset, length) }
}

/**
 * Problems as a person wants to read them: each once (a role that is used twice has its mistakes twice), file by file as they
 * were first met, from top to bottom.
 */
export function tidy(problems: readonly Problem[]): readonly Problem[] {
  const files = [...new Set(problems.map((found) => found.where?.file))]
  // What stands there without its quotes was read as nothing: no use in saying that nothing is wrong too.
  const unread = new Set(
    problems.filter(({ code }) => code === 'unquoted-template').map(({ where }) => JSON.stringify(where)),
  )
  const once = new Map(
    problems
      .filter(({ code, where }) => code === 'unquoted-template' || !unread.has(JSON.stringify(where)))
      .map((found) => [JSON.stringify([found.code, found.message, found.where]), found] as const),
  )
  return [...once.values()].sort(
    (left, right) =>
      files.indexOf(left.where?.file) - files.indexOf(right.where?.file) ||
      (left.where?.line ?? 0) - (right.where?.line ?? 0) ||
      (left.where?.column ?? 0) - (right.where?.column ?? 0),
  )
}
