/** The marks in a shell's output (`frame.ts` describes each of them). */
export type OutputMark =
  | { readonly kind: 'begin'; readonly sequence: number; readonly wrapper: number; readonly relayed: number }
  | {
      readonly kind: 'said'
      readonly sequence: number
      readonly piece: Buffer
      /** The rest of the same text. */
      readonly follows: 'more' | 'line' | 'nothing'
    }
  | { readonly kind: 'end'; readonly sequence: number; readonly code: number }
  | { readonly kind: 'closed'; readonly sequence: number }

/** The maximum length of a mark after the nonce. */
const longestMark = 16 * 1024

/**
 * Finds the marks in one stream, however its chunks are split. `data` gets every byte outside a mark, in
 * order; `mark` is called between them.
 */
export class MarkScanner {
  readonly #needle: Buffer
  readonly #sink: { data(bytes: Buffer): void; mark(mark: OutputMark): void }
  #held: Buffer = Buffer.alloc(0)

  constructor(nonce: string, sink: { data(bytes: Buffer): void; mark(mark: OutputMark): void }) {
    this.#needle = Buffer.from(`\0${nonce} `, 'latin1')
    this.#sink = sink
  }

  push(chunk: Buffer): void {
    let rest = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    this.#held = Buffer.alloc(0)
    while (rest.length > 0) {
      const at = rest.indexOf(this.#needle)
      if (at < 0) {
        const keep = unfinished(rest, this.#needle)
        this.#emit(rest.subarray(0, rest.length - keep))
        this.#held = Buffer.from(rest.subarray(rest.length - keep))
        return
      }
      this.#emit(rest.subarray(0, at))
      const body = rest.subarray(at + this.#needle.length)
      const newline = body.subarray(0, longestMark).indexOf(0x0a)
      if (newline < 0 && body.length < longestMark) {
        this.#held = Buffer.from(rest.subarray(at))
        return
      }
      const mark = newline < 0 ? undefined : parseMark(body.subarray(0, newline))
      if (mark === undefined) {
        this.#emit(rest.subarray(at, at + this.#needle.length))
        rest = body
      } else {
        this.#sink.mark(mark)
        rest = body.subarray(newline + 1)
      }
    }
  }

  #emit(bytes: Buffer): void {
    if (bytes.length > 0) this.#sink.data(bytes)
  }
}

/** The number of last bytes that could be the start of `needle`. */
function unfinished(bytes: Buffer, needle: Buffer): number {
  for (let length = Math.min(needle.length - 1, bytes.length); length > 0; length -= 1) {
    if (bytes.subarray(bytes.length - length).equals(needle.subarray(0, length))) return length
  }
  return 0
}

function parseMark(body: Buffer): OutputMark | undefined {
  const text = body.toString('latin1')
  const said = /^V (\d{1,15}) ([+n.]) /.exec(text)
  if (said !== null) {
    const follows = said[2] === '+' ? 'more' : said[2] === 'n' ? 'line' : 'nothing'
    // A copy: a slice would keep the whole chunk in memory.
    return {
      kind: 'said',
      sequence: Number(said[1]),
      piece: Buffer.from(body.subarray(said[0].length)),
      follows,
    }
  }
  const [letter, ...words] = text.split(' ')
  const [sequence = NaN, first = NaN, second = NaN] = words.map((word) =>
    /^\d{1,15}$/.test(word) ? Number(word) : NaN,
  )
  if (Number.isNaN(sequence)) return undefined
  if (letter === 'B') return { kind: 'begin', sequence, wrapper: first || 0, relayed: second || 0 }
  if (letter === 'C') return { kind: 'closed', sequence }
  return letter === 'E' && !Number.isNaN(first) ? { kind: 'end', sequence, code: first } : undefined
}
