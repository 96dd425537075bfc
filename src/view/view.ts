import type { Event } from '../events/events.ts'
import type { Colors } from './colors.ts'

/** A consumer of events that shows them. */
export interface View {
  take(event: Event): void
  /** Resolves when everything has been shown. */
  close(): Promise<void>
}

export interface ViewOptions {
  readonly write: (text: string) => void
  readonly colors: Colors
  /** `-v` counted: 0 leaves out what is ok or skipped in large runs' detail; 1 tells why; 2 tells every action. */
  readonly verbosity: number
  readonly diff: boolean
}
