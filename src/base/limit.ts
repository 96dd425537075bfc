/** Runs work, so much at a time: what comes later waits for its turn, in order. */
export type Limit = <T>(work: () => Promise<T>) => Promise<T>

export function createLimit(most: number): Limit {
  let free = most
  const waiting: (() => void)[] = []
  return async (work) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      // The place goes straight to the next one: nobody can take it in between.
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}
