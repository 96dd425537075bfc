/** Regular expressions from a playbook. RE2 runs in linear time, so no pattern can hang a run. */
import { loadRe2 } from '../../base/built.ts'

/** Returns the matcher, or the error if the pattern is not valid. */
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
