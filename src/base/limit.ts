/** Limits how many pieces of work run at a time; the others wait in order. */
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
      // Hand the slot directly to the next waiter, so that no other caller can take it.
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}
