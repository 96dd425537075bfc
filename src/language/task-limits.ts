/** What limits a task: its time, and the number of hosts that run it. */
export interface TaskLimits {
  /** Seconds that each item, and each attempt of `until`, may take. */
  readonly timeout: number | undefined
  /** How many hosts may run the task at the same time. */
  readonly throttle: number | undefined
  readonly async: AsyncProgram | undefined
}

/** `async`: a task that survives a lost connection, or a program that continues without the run. */
export interface AsyncProgram {
  /** Seconds that it may take. */
  readonly seconds: number
  /** False: the play continues as soon as the program has started (`poll: 0`). */
  readonly waits: boolean
}
