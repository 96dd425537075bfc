import pLimit from 'p-limit'

/** Limits how many pieces of work run at a time; the others wait in order. */
export type Limit = <T>(work: () => Promise<T>) => Promise<T>

export function createLimit(most: number): Limit {
  const limit = pLimit(most)
  return (work) => limit(work)
}

/** Waits without the place of the work, which others may take meanwhile. Then waits for a free place. */
export type Away = <T>(wait: () => Promise<T>) => Promise<T>

/** Limits how many pieces of work run at a time. Work that waits for other work gives its place away. */
export type Places = <T>(work: (away: Away) => Promise<T>) => Promise<T>

/** Places of which each is taken until the function is called that `take` returns. */
export interface Seats {
  /** True if the next `take` waits. */
  readonly full: boolean
  take(): Promise<() => void>
}

export function createSeats(most: number): Seats {
  const limit = pLimit(most)
  return {
    get full() {
      return limit.activeCount + limit.pendingCount >= most
    },
    take: () =>
      new Promise((taken) => {
        void limit(() => new Promise<void>((free) => taken(free)))
      }),
  }
}

export function createPlaces(most: number): Places {
  const seats = createSeats(most)
  return async (work) => {
    let free = await seats.take()
    try {
      return await work(async (wait) => {
        free()
        try {
          return await wait()
        } finally {
          free = await seats.take()
        }
      })
    } finally {
      free()
    }
  }
}
