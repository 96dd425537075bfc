/**
 * Dotted versions of drivers, toolkits and kernels: `580.95.05` is not semver (a leading zero, two to four
 * parts).
 */
export class Version {
  readonly text: string
  readonly #parts: readonly (bigint | string)[]

  constructor(text: string) {
    this.text = text.trim()
    this.#parts =
      this.text.match(/\d+|[a-z]+/gi)?.map((part) => (/^\d/.test(part) ? BigInt(part) : part)) ?? []
  }

  /**
   * Negative, zero or positive. Missing parts count as 0, so `12.8` equals `12.8.0`; letters sort before
   * digits.
   */
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

/** Negative when `a` is older than `b`, 0 when equal, positive when newer. `580.9` is older than `580.10`. */
export function compareVersions(a: string, b: string): number {
  return new Version(a).compare(new Version(b))
}

/** Whether `version` is `least` or newer. */
export function atLeast(version: string, least: string): boolean {
  return compareVersions(version, least) >= 0
}
