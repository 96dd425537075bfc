import { Session } from 'node:inspector'

/**
 * What V8 has run of our sources, block by block (`Profiler.takePreciseCoverage` counts from zero each time): an input that reaches a block for the first
 * time, or many more times than any before it, is worth keeping.
 */
export class Coverage {
  readonly #session = new Session()
  readonly #seen = new Set<string>()

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Whether what ran since the last call was new. The callback of `post` is called before it returns. */
  news(): boolean {
    let news = false
    this.#session.post('Profiler.takePreciseCoverage', (error, answer) => {
      if (error !== null) throw error
      for (const { url, scriptId, functions } of answer.result) {
        if (!url.includes('/src/')) continue
        for (const { ranges } of functions) {
          for (const { startOffset, endOffset, count } of ranges) {
            if (count === 0) continue
            const key = `${scriptId}:${startOffset}:${endOffset}:${Math.floor(Math.log2(count) / 2)}`
            if (this.#seen.has(key)) continue
            this.#seen.add(key)
            news = true
          }
        }
      }
    })
    return news
  }

  get blocks(): number {
    return this.#seen.size
  }

  end(): void {
    this.#session.disconnect()
  }
}
