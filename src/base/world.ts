/** Everything that reaches out of the program, in one object that `cli` builds once. Nothing else touches the clock, chance or the process. */
export interface World {
  readonly now: () => Date
  /** Milliseconds, only ever growing. */
  readonly clock: () => number
  readonly sleep: (milliseconds: number, signal: AbortSignal) => Promise<void>
  readonly randomHex: (bytes: number) => string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly home: string
  readonly userName: string
  readonly hostName: string
  readonly pid: number
  readonly workingDirectory: string
}
