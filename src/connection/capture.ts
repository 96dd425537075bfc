/** Keeps the first bytes of a stream. */
export class Capture {
  readonly #limit: number
  readonly #chunks: Buffer[] = []
  #kept = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  push(chunk: Buffer): void {
    const room = this.#limit - this.#kept
    if (room <= 0) return
    // A copy: a slice would keep the whole chunk in memory.
    this.#chunks.push(Buffer.from(chunk.subarray(0, room)))
    this.#kept += Math.min(room, chunk.length)
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks)
  }
}
