/** Source texts, their positions and excerpts. */
import { isSecretFile, isSecretName } from '../base/secret.ts'
import type { Fix, Position, Problem } from '../base/errors.ts'
import { defined } from '../base/defined.ts'

/** A user's file. Creates positions that can show an excerpt. */
export class SourceFile {
  readonly file: string
  readonly text: string
  /** It was encrypted. */
  readonly sealed: boolean
  /** Names of variables that are no secrets although the file was encrypted. */
  readonly plainNames: ReadonlySet<string>
  readonly #lineStarts: readonly number[]

  constructor(
    file: string,
    text: string,
    {
      sealed = false,
      plainNames = new Set(),
    }: { readonly sealed?: boolean; readonly plainNames?: ReadonlySet<string> } = {},
  ) {
    this.file = file
    this.sealed = sealed
    this.plainNames = plainNames
    this.text = text
    const starts = [0]
    for (let index = text.indexOf('\n'); index !== -1; index = text.indexOf('\n', index + 1)) {
      starts.push(index + 1)
    }
    this.#lineStarts = starts
  }

  /** Returns the position of `offset`; its length ends at the end of the line at most. */
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
  /** In a file that was encrypted. */
  readonly sealed: boolean
  /** Names of variables that are no secrets nevertheless. */
  readonly plainNames: ReadonlySet<string>
  readonly #source: SourceFile

  constructor(source: SourceFile, place: { line: number; column: number; length: number }) {
    this.file = source.file
    this.line = place.line
    this.column = place.column
    this.length = place.length
    this.sealed = source.sealed
    this.plainNames = source.plainNames
    this.#source = source
  }

  /**
   * Returns the line and the one before it, numbered, with a caret under the position; only a part of a long
   * line.
   */
  excerpt(): string {
    const width = String(this.line).length
    const row = (line: number, from: number) =>
      `${String(line).padStart(width)} | ${partOfLine(this.#shown(line), from)}`.trimEnd()
    const text = this.#shown(this.line)
    const meant = placeIn(text, this.#source.lineText(this.line), this.column - 1)
    const from = text.length <= widest ? 0 : Math.max(0, Math.min(meant - widest / 2, text.length - widest))
    // Tabs are kept before the caret, so that it is in the right column at any tab width.
    const before = (from > 0 ? left : '') + text.slice(from, meant)
    const length = Math.max(1, Math.min(this.length, from + widest - meant, text.length - meant))
    const caret = `${' '.repeat(width)} | ${before.replaceAll(/[^\t]/g, ' ')}${'^'.repeat(length)}`
    return [...(this.line > 1 ? [row(this.line - 1, 0)] : []), row(this.line, from), caret].join('\n')
  }

  /** Returns a line as excerpts show it. */
  #shown(line: number): string {
    const shown = withoutSecrets(this.#source.lineText(line), this)
    return isBelowSecretKey(this.#source, line) ? withoutValue(shown) : shown
  }
}

/** Returns the column in a shown line; for a hidden character, the start of the hidden part. */
function placeIn(shown: string, line: string, column: number): number {
  if (shown === line) return column
  let left = 0
  while (left < column && shown[left] === line[left]) left += 1
  let right = 0
  while (right < line.length - column && shown.at(-1 - right) === line.at(-1 - right)) right += 1
  if (left === column) return column
  return right === line.length - column ? shown.length - right : left
}

/** Returns a line without the values of secret names; a value that only refers to other variables stays. */
function withoutSecrets(line: string, { file, sealed }: SourcePosition): string {
  if ((sealed || isSecretFile(file)) && line.trim() !== '') return '(a line of a secrets file)'
  const whole = /^\s*(?:- +)?["']?([\w-]+)["']?\s*:\s+/.exec(line)
  if (whole !== null && isSecretName(whole[1] ?? '')) return hideFrom(line, whole[0].length, line.length)
  let shown = ''
  let end = 0
  for (const key of line.matchAll(/(?<![\w-])([\w-]{1,200})["']?\s*[:=](?!=)\s*/g)) {
    const from = key.index + key[0].length
    if (key.index < end || !isSecretName(key[1] ?? '')) continue
    flowValue.lastIndex = from
    const to = from + (flowValue.exec(line)?.[0].length ?? 0)
    shown += hideFrom(line.slice(end, to), from - end, to - end)
    end = to
  }
  return shown + line.slice(end)
}

/** Whether the line belongs to a value that begins on an earlier line, after a secret name. */
function isBelowSecretKey(source: SourceFile, line: number): boolean {
  let { indent, item } = startOf(source.lineText(line))
  for (let above = line - 1; above > 0 && (indent > 0 || item); above -= 1) {
    const text = source.lineText(above)
    if (text.trim() === '') continue
    const start = startOf(text)
    const [, before = '', key = ''] = /^(\s*(?:- +)*)["']?([\w-]+)["']?\s*:(?:\s|$)/.exec(text) ?? []
    const holds = key !== '' && (before.length < indent || (item && before.length === indent))
    if (holds && isSecretName(key)) return true
    if (holds || start.indent < indent) ({ indent, item } = start)
  }
  return false
}

/** The column of the first character, and whether it is the dash of a list item. */
function startOf(text: string): { indent: number; item: boolean } {
  return { indent: /^\s*/.exec(text)?.[0].length ?? 0, item: /^\s*-(?:\s|$)/.test(text) }
}

/** Hides a line except for its indentation and dashes. */
function withoutValue(line: string): string {
  return hideFrom(line, /^\s*(?:- +)*/.exec(line)?.[0].length ?? 0, line.length)
}

/** Matches a list or map up to the end of the line, a quoted text, or a word. */
const flowValue = /[[{].*|"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,{}[\]]+/y

function hideFrom(text: string, from: number, to: number): string {
  const value = text.slice(from, to)
  return value === '' || /^["']?\{\{[^{}]*\}\}["']?$/.test(value) ? text : `${text.slice(0, from)}(secret)`
}

/** The most characters of a line in an excerpt. */
const widest = 160
const left = '... '

function partOfLine(text: string, from: number): string {
  const part = text.slice(from, from + widest)
  return `${from > 0 ? left : ''}${part}${from + widest < text.length ? ' ...' : ''}`
}

/** The most characters of a message or hint, which may quote user input. */
const longest = 600

/** Shortens a long text to its start and end. */
function shortened(text: string): string {
  return text.length <= longest ? text : `${text.slice(0, 400)} ... ${text.slice(-150)}`
}

/** Whether the position is in a file that was encrypted, where variables of this name are secrets. */
export function isSealed(position: Position, name = ''): boolean {
  return position instanceof SourcePosition && position.sealed && !position.plainNames.has(name)
}

/** Returns the excerpt for a position, if its source text is available. */
export function excerptOf(position: Position): string | undefined {
  return position instanceof SourcePosition ? position.excerpt() : undefined
}

export interface ProblemDetails {
  readonly where?: Position | undefined
  readonly hint?: string | undefined
  /** Left out for a file that was encrypted. */
  readonly fix?: Fix | undefined
}

/** Creates a problem with an excerpt. Cuts the middle of a long message or hint. */
export function problem(code: string, message: string, details: ProblemDetails = {}): Problem {
  const excerpt = details.where === undefined ? undefined : excerptOf(details.where)
  const hint = details.hint === undefined ? undefined : shortened(details.hint)
  const fix = details.where === undefined || isSealed(details.where) ? undefined : details.fix
  return { code, message: shortened(message), ...defined({ hint, where: details.where, excerpt, fix }) }
}

/** Maps offsets in a text from a file to positions in the file. */
export interface Locator {
  readonly where: Position
  /** Returns the position of the characters from `offset` on. */
  at(offset: number, length: number): Position
}

/** A locator for text from the command line: everything has the same position. */
export function fixedLocator(where: Position): Locator {
  return { where, at: () => where }
}

/** A locator for the text of a whole file. */
export function fileLocator(source: SourceFile): Locator {
  return { where: source.position(0), at: (offset, length) => source.position(offset, length) }
}

/**
 * Sorts problems for output: without duplicates (from a role that is used twice), by file in the order of
 * first mention, from top to bottom.
 */
export function tidy(problems: readonly Problem[]): readonly Problem[] {
  const files = [...new Set(problems.map((found) => found.where?.file))]
  // An unquoted template was read as an empty value; do not also report that value.
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
