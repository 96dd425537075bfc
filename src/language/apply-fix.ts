/** Applies fixes to texts of files. Comments and the form of YAML stay as they are. */
import { isScalar, parseDocument, visit } from 'yaml'
import type { Fix, Position } from '../base/errors.ts'
import { SourceFile } from './source.ts'

/**
 * Returns the new text of the file, which has the same number of lines; `undefined` if nothing else may change
 * but what the fix describes, and that is not possible.
 * @param where The position of the problem: in the text, the key or the value
 */
export function applyFix(text: string, where: Position, fix: Fix): string | undefined {
  const offset = new SourceFile(where.file, text).lineStart(where.line) + where.column - 1
  const fixed = isYaml(where.file)
    ? inYaml(text, offset, fix)
    : fix.kind === 'text' && text.startsWith(fix.from, offset)
      ? spliced(text, [offset, offset + fix.from.length], fix.to)
      : undefined
  return fixed !== undefined && lines(fixed) === lines(text) ? fixed : undefined
}

/** Templates are text, whatever they produce. */
function isYaml(file: string): boolean {
  return /\.ya?ml$/.test(file) && !/\/templates\//.test(file)
}

function inYaml(text: string, offset: number, fix: Fix): string | undefined {
  const before = leavesOf(text)
  const index = before?.findIndex(({ range: [start, end] }) => start <= offset && offset < end) ?? -1
  const leaf = before?.[index]
  if (before === undefined || leaf === undefined || leaf.isKey !== (fix.kind === 'key')) return undefined
  const [start, end] = leaf.range
  const raw = text.slice(start, end)
  // The occurrence that is at the offset, if the text there is as in the value.
  const at = text.startsWith(fix.from, offset) ? offset - start : raw.indexOf(fix.from)
  const meant = meantBy(leaf, fix, raw.slice(0, Math.max(0, at)))
  if (meant === undefined) return undefined
  const inPlace =
    fix.kind === 'yaml' ? [fix.to] : at === -1 ? [] : [spliced(raw, [at, at + fix.from.length], fix.to)]
  const words = [...inPlace, ...quoted(meant.value)]
  return words
    .map((word) => spliced(text, leaf.range, word))
    .find((candidate) => {
      const after = leavesOf(candidate)
      return (
        after?.length === before.length &&
        after.every((found, place) => same(found, place === index ? { ...leaf, ...meant } : before[place]))
      )
    })
}

/** The value that the scalar gets; `undefined` if its text does not contain the old part. */
function meantBy(leaf: Leaf, { kind, from, to }: Fix, rawBefore: string): Meant | undefined {
  if (kind === 'yaml') {
    const { contents } = parseDocument(to, { version: '1.2', logLevel: 'silent' })
    return isScalar(contents) ? { value: contents.value, tag: contents.tag } : undefined
  }
  if (typeof leaf.value !== 'string') return undefined
  const parts = leaf.value.split(from)
  const count = rawBefore.split(from).length
  if (count >= parts.length) return undefined
  return {
    value: [parts.slice(0, count).join(from), parts.slice(count).join(from)].join(to),
    tag: leaf.tag,
  }
}

/** How a text can be written if it does not fit into the old quotes. */
function quoted(value: unknown): readonly string[] {
  return typeof value === 'string' ? [`'${value.replaceAll("'", "''")}'`, JSON.stringify(value)] : []
}

interface Meant {
  readonly value: unknown
  readonly tag: string | undefined
}

/** A scalar, an alias, or the number of entries of a collection, in the order of the text. */
interface Leaf extends Meant {
  readonly isKey: boolean
  /** Of the scalar with its quotes, without its tag; empty for everything else. */
  readonly range: readonly [start: number, end: number]
}

function same(left: Leaf, right: Leaf | undefined): boolean {
  return (
    right !== undefined &&
    left.isKey === right.isKey &&
    Object.is(left.value, right.value) &&
    left.tag === right.tag
  )
}

/** Returns `undefined` for a text that is not YAML. */
function leavesOf(text: string): readonly Leaf[] | undefined {
  const document = parseDocument(text, {
    version: '1.2',
    merge: true,
    logLevel: 'silent',
    prettyErrors: false,
  })
  if (document.errors.length > 0) return undefined
  const leaves: Leaf[] = []
  const other = (value: string, tag?: string): void => {
    leaves.push({ value, tag, isKey: false, range: [0, 0] })
  }
  visit(document, {
    Map: (_key, { items, tag }) => other(`map of ${items.length}`, tag),
    Seq: (_key, { items, tag }) => other(`list of ${items.length}`, tag),
    Alias: (_key, { source }) => other(`*${source}`),
    Scalar: (key, { value, tag, range }) => {
      leaves.push({ value, tag, isKey: key === 'key', range: [range?.[0] ?? 0, range?.[1] ?? 0] })
    },
  })
  return leaves
}

function spliced(text: string, [start, end]: readonly [number, number], piece: string): string {
  return text.slice(0, start) + piece + text.slice(end)
}

function lines(text: string): number {
  return text.split('\n').length
}
