import pLimit from 'p-limit'

/** Limits how many pieces of work run at a time; the others wait in order. */
export type Limit = <T>(work: () => Promise<T>) => Promise<T>

export function createLimit(most: number): Limit {
  const limit = pLimit(most)
  return (work) => limit(work)
}
