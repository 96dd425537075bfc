/** Regular expressions that a playbook gives: RE2's, whose time grows with the text alone, so that no pattern can hang a run. */
import { loadRe2 } from '../../base/built.ts'

/** @returns what is wrong with the pattern, where it is none. */
export function compilePattern(
  source: string,
): { readonly matches: (text: string) => boolean } | { readonly wrong: string } {
  try {
    const compiled = loadRe2().compile(source)
    return { matches: (text) => compiled.matcher(text).find() }
  } catch (error) {
    return { wrong: error instanceof Error ? error.message : String(error) }
  }
}
