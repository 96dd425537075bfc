/** Suggests words for misspelt ones. */
import { distance } from 'fastest-levenshtein'

/**
 * The edit distance of two words: characters inserted, removed or replaced. Two swapped neighbours, the most
 * common slip, count as one.
 */
export function editDistance(left: string, right: string): number {
  const edits = distance(left, right)
  return edits === 2 && left.length === right.length && lettersOf(left) === lettersOf(right) ? 1 : edits
}

function lettersOf(word: string): string {
  return word.split('').sort().join('')
}

/** Returns the candidate nearest to `word`, if it is close enough. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = normalise(word)
  const limit = Math.max(1, Math.floor(wanted.length / 4))
  let best: string | undefined
  let bestDistance = limit + 1
  for (const candidate of candidates) {
    const distance = editDistance(wanted, normalise(candidate))
    if (distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

/** Returns `did you mean "x"?`, or the fallback. */
export function didYouMean(
  word: string,
  candidates: Iterable<string>,
  otherwise?: string,
): string | undefined {
  const found = nearest(word, candidates)
  return found === undefined ? otherwise : `did you mean "${found}"?`
}

function normalise(word: string): string {
  return word.toLowerCase().replaceAll('-', '_')
}
