/** Fixes mistakes: applies their fixes as long as nothing new goes wrong. */
import type { Position, Problem } from '../base/errors.ts'
import { applyFix } from '../language/apply-fix.ts'
import type { Files } from '../language/read-files.ts'
import type { Linted } from './lint.ts'

export interface FixedFile {
  readonly path: string
  readonly before: string
  readonly after: string
  /** Of mistakes that are gone. */
  readonly count: number
}

export interface FixedProblems {
  readonly fixed: readonly FixedFile[]
  /** What remains. */
  readonly linted: Linted
}

/** A mistake may appear only when another one is fixed: the next round fixes it. */
const mostRounds = 10

/**
 * Changes no file. Lines whose fixes lead to new mistakes, or solve none, stay as they are.
 * @param check Checks everything with the files that it gets
 * @param mayFix Whether a file belongs to the user
 */
export function fixProblems(
  files: Files,
  check: (files: Files) => Linted,
  mayFix: (path: string) => boolean,
): FixedProblems {
  const first = check(files)
  const refused = new Set<string>()
  for (;;) {
    const texts = new Map<string, string>()
    const changed = new Map<string, Position>()
    let linted = first
    for (let round = 0; round < mostRounds; round += 1) {
      const applied = applyAll(linted.problems, { files, texts, refused, mayFix })
      if (applied.length === 0) break
      for (const where of applied) changed.set(lineOf(where), where)
      linted = check(withTexts(files, texts))
    }
    const wrong = badLines(first.problems, linted.problems, changed)
    if (wrong.length === 0) return { fixed: fixedFiles(files, texts, [first, linted]), linted }
    for (const line of wrong) refused.add(line)
  }
}

interface Round {
  readonly files: Files
  /** Changed texts, by path. */
  readonly texts: Map<string, string>
  /** Lines that stay as they are. */
  readonly refused: ReadonlySet<string>
  readonly mayFix: (path: string) => boolean
}

/** Applies the fixes from the last to the first, so that their positions stay right. Returns their places. */
function applyAll(
  problems: readonly Problem[],
  { files, texts, refused, mayFix }: Round,
): readonly Position[] {
  return problems.toReversed().flatMap(({ where, fix }): readonly Position[] => {
    if (where === undefined || fix === undefined || refused.has(lineOf(where)) || !mayFix(where.file))
      return []
    const text = texts.get(where.file) ?? textOf(files, where.file)
    const fixed = text === undefined ? undefined : applyFix(text, where, fix)
    if (fixed === undefined || fixed === text) return []
    texts.set(where.file, fixed)
    return [where]
  })
}

/** The changed lines to leave alone: those that a new mistake follows from, and those that were no use. */
function badLines(
  before: readonly Problem[],
  after: readonly Problem[],
  changed: ReadonlyMap<string, Position>,
): readonly string[] {
  const known = new Set(before.map(identity))
  const fresh = after.filter((found) => !known.has(identity(found)))
  const caused = fresh.flatMap(({ where }) => nearest(where, changed))
  // A mistake that only another fix uncovered was not there before.
  const useless = [...changed.keys()].filter(
    (line) => countOn(line, after) >= Math.max(1, countOn(line, before)),
  )
  return [...new Set([...caused, ...useless])]
}

/** The changed line of the same file that is nearest; if there is none, all lines. */
function nearest(where: Position | undefined, changed: ReadonlyMap<string, Position>): readonly string[] {
  const here = [...changed].filter(([, { file }]) => file === where?.file)
  const distance = ({ line }: Position): number => Math.abs(line - (where?.line ?? 0))
  const [found] = here.toSorted(([, left], [, right]) => distance(left) - distance(right))
  return found === undefined ? [...changed.keys()] : [found[0]]
}

function countOn(line: string, problems: readonly Problem[]): number {
  return problems.filter(({ where }) => where !== undefined && lineOf(where) === line).length
}

function lineOf({ file, line }: Position): string {
  return `${file}:${line}`
}

/** Columns move when a line is fixed; lines do not. */
function identity({ code, message, where }: Problem): string {
  return JSON.stringify([code, message, where?.file, where?.line])
}

function fixedFiles(
  files: Files,
  texts: ReadonlyMap<string, string>,
  [first, last]: readonly [Linted, Linted],
): readonly FixedFile[] {
  const countIn = (path: string, { problems }: Linted): number =>
    problems.filter(({ where }) => where?.file === path).length
  return [...texts].map(([path, after]) => ({
    path,
    before: textOf(files, path) ?? '',
    after,
    count: countIn(path, first) - countIn(path, last),
  }))
}

function textOf(files: Files, path: string): string | undefined {
  const read = files.read(path)
  return read.kind === 'text' ? read.text : undefined
}

function withTexts(files: Files, texts: ReadonlyMap<string, string>): Files {
  return {
    keys: files.keys,
    list: (path) => files.list(path),
    kind: (path) => files.kind(path),
    read: (path) => {
      const text = texts.get(path)
      return text === undefined ? files.read(path) : { kind: 'text', text }
    },
  }
}
