/** Dotted versions as drivers and toolkits have them: `580.95.05` is not semver (a leading zero, and parts that count). */
export class Version {
  readonly text: string
  readonly #parts: readonly (bigint | string)[]

  constructor(text: string) {
    this.text = text.trim()
    this.#parts =
      this.text.match(/\d+|[a-z]+/gi)?.map((part) => (/^\d/.test(part) ? BigInt(part) : part)) ?? []
  }

  /** Negative, zero or positive. Missing parts count as 0, so `12.8` equals `12.8.0`; letters sort before digits. */
  compare(other: Version): number {
    const length = Math.max(this.#parts.length, other.#parts.length)
    for (let index = 0; index < length; index++) {
      const left = this.#parts[index] ?? 0n
      const right = other.#parts[index] ?? 0n
      if (left === right) continue
      if (typeof left === typeof right) return left < right ? -1 : 1
      return typeof left === 'string' ? -1 : 1
    }
    return 0
  }

  toString(): string {
    return this.text
  }
}
