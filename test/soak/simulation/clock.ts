/** A clock that advances only when no work is left, and random numbers that depend only on the seed. */

/** Random numbers from a seed: mulberry32, public domain. */
export class Chance {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** At least 0, less than 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }

  between(least: number, most: number): number {
    return least + this.next() * (most - least)
  }

  whole(least: number, most: number): number {
    return Math.floor(this.between(least, most + 1))
  }

  happens(probability: number): boolean {
    return this.next() < probability
  }

  /** @throws Error for an empty list */
  pick<T>(list: readonly T[]): T {
    const index = this.whole(0, list.length - 1)
    const chosen = list[index]
    if (chosen === undefined) throw new Error('cannot choose from an empty list')
    return chosen
  }
}

interface Due {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** The run waits, but no event is left that could wake it. */
export class Stuck extends Error {}

export class VirtualClock {
  #now = 0
  #order = 0
  #due: Due[] = []

  /** Milliseconds. */
  get now(): number {
    return this.#now
  }

  in(milliseconds: number, run: () => void): void {
    const due = { at: this.#now + milliseconds, order: (this.#order += 1), run }
    const before = this.#due.findIndex((other) => other.at > due.at)
    this.#due.splice(before === -1 ? this.#due.length : before, 0, due)
  }

  after(milliseconds: number): Promise<void> {
    return new Promise((resolve) => this.in(milliseconds, resolve))
  }

  /**
   * Advances the clock until the promise is settled. A callback runs only after all work of earlier callbacks
   * has ended.
   * @throws Stuck if no callback is left
   */
  async drive<T>(promise: Promise<T>): Promise<T> {
    let settled = false
    const settle = (): void => {
      settled = true
    }
    promise.then(settle, settle)
    for (;;) {
      await untilIdle()
      if (settled) return promise
      const next = this.#due.shift()
      if (next === undefined) throw new Stuck(`no callback is left at ${this.#now}`)
      this.#now = next.at
      next.run()
    }
  }

  /** Runs all callbacks, including those that they add. */
  async drain(): Promise<void> {
    for (let next = this.#due.shift(); next !== undefined; next = this.#due.shift()) {
      this.#now = next.at
      next.run()
      await untilIdle()
    }
  }
}

/** Resolves when all promises that can be settled now are settled. */
function untilIdle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
