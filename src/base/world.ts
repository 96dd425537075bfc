/**
 * The effects on the outside world, in one object that `cli` builds once. Nothing else uses the clock, random
 * numbers or the process.
 */
export interface World {
  readonly now: () => Date
  /** Milliseconds of a monotonic clock. */
  readonly clock: () => number
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  readonly randomHex: (bytes: number) => string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly userName: string
  readonly hostName: string
  /** The addresses of this machine's network interfaces. */
  readonly addresses: readonly string[]
  readonly pid: number
  readonly workingDirectory: string
}
