import type { Event } from '../events/events.ts'
import type { Colors } from './colors.ts'

/** Shows events. */
export interface View {
  take(event: Event): void
  /** Resolves once everything is shown. */
  close(): Promise<void>
}

export interface ViewOptions {
  readonly write: (text: string) => void
  readonly colors: Colors
  /** Number of `-v`: 0 omits details of ok and skipped tasks, 1 adds reasons, 2 adds every action. */
  readonly verbosity: number
  readonly diff: boolean
  /** Columns of the terminal; absent if the output is not a terminal. */
  readonly width?: () => number
}
