import { Session } from 'node:inspector'

/**
 * V8's coverage of the sources by block (`Profiler.takePreciseCoverage` resets its counters each time). The
 * fuzzer keeps an input that reaches a new block, or reaches a block many more times than all earlier inputs.
 */
export class Coverage {
  readonly #session = new Session()
  readonly #seen = new Set<string>()

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Whether new coverage was reached since the last call. `post` calls its callback before it returns. */
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
