/** What an action finds on a host: what it must, and what is written down there with it. */
import type { FileStatus } from './host.ts'

/** What a path has to be on the host for an action to be carried out. */
export interface Expectation {
  /** `absent`, `nothing` (read through links: none is there, or one that leads nowhere), `present` or `sha256:HEX`. */
  readonly content: string
  /** What `lstat` said of it when the action was planned; undefined when nobody asked. */
  readonly status?: FileStatus
}

/** A notification that waits for its handler. `value` is the engine's: plain data. */
export interface PendingNote {
  /** By which it is struck out; the same key is the same note. */
  readonly key: string
  readonly value: unknown
}
