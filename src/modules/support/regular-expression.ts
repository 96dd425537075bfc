/** Regular expressions from a playbook. RE2 runs in linear time, so no pattern can hang a run. */
import { loadRe2 } from '../../base/built.ts'

export interface CompiledPattern {
  readonly matches: (text: string) => boolean
  /** All matches that do not overlap, from left to right. */
  readonly all: (text: string) => readonly PatternMatch[]
  /** The names of its groups. */
  readonly names: readonly string[]
  /** The number of its groups. */
  readonly groups: number
}

export interface PatternMatch {
  readonly start: number
  readonly end: number
  /** By number; the whole match is 0. Empty for a group that took no part in the match. */
  readonly groups: readonly string[]
  readonly named: Readonly<Record<string, string>>
}

/**
 * Returns the pattern, or the error if it is not valid. `lines`: `^` and `$` also match at the beginning and
 * the end of each line.
 */
export function compilePattern(
  source: string,
  { lines = false }: { readonly lines?: boolean } = {},
): CompiledPattern | { readonly wrong: string } {
  const re2 = loadRe2()
  try {
    const compiled = re2.compile(source, lines ? re2.MULTILINE : 0)
    return {
      matches: (text) => compiled.matcher(text).find(),
      all: (text) => matchesOf(compiled.matcher(text)),
      names: Object.keys(compiled.namedGroups()),
      groups: compiled.groupCount(),
    }
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) }
  }
}

type Matcher = ReturnType<ReturnType<ReturnType<typeof loadRe2>['compile']>['matcher']>

function matchesOf(matcher: Matcher): readonly PatternMatch[] {
  const found: PatternMatch[] = []
  while (matcher.find()) {
    const groups = Array.from({ length: matcher.groupCount() + 1 }, (_, index) => matcher.group(index) ?? '')
    const named = Object.entries(matcher.getNamedGroups()).map(([name, text]) => [name, text ?? ''] as const)
    found.push({
      start: matcher.start(),
      end: matcher.end(),
      groups,
      named: Object.fromEntries(named),
    })
  }
  return found
}
