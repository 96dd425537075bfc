/** The state that an action expects on a host, and the notes that it records there. */
import type { FileStatus } from './host.ts'

/** The state of a path that an action requires. */
export interface Expectation {
  /** `absent`, `nothing` (read through links: no file, or a dangling link), `present` or `sha256:HEX`. */
  readonly content: string
  /** The result of `lstat` when the action was planned; undefined if it was not read. */
  readonly status?: FileStatus
  /** The result of `stat`, for plan files: actions do not require it. */
  readonly reached?: FileStatus
  /** The first line with bytes that are not UTF-8, from 1, if the file was read as a text. */
  readonly lossyLine?: number
}

/** A pending notification of a handler. `value` is the engine's: plain data. */
export interface PendingNote {
  /** Identifies the note for its removal; notes with the same key are the same note. */
  readonly key: string
  readonly value: unknown
}
