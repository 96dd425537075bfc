/** What the reads of one view of a host share. */
import { type Unknown, UnknownError } from '../base/unknown.ts'
import { sha256Of } from './content.ts'
import type { PlaceOverlay } from './overlay-place.ts'
import type { ReaderSource } from './reader-source.ts'
import type { Resource } from './resource.ts'
import type { Expectation } from './expectation.ts'

/** What a read saw: what the host must show for it to hold, and whether that was predicted. */
export interface Sighting extends Expectation {
  readonly predicted?: boolean
}

/** Told of every answer: what was looked at (machine first) and what was seen. */
export type Trace = (key: string, sighting: Sighting) => void

/** What the reads of one view share. */
export interface ReadContext {
  readonly source: ReaderSource
  /** What is predicted, if anything can be; throws UnknownError when the whole machine will be another. */
  readonly overlay: () => PlaceOverlay | undefined
  /** Of the task, for the programs that it asks on its own host. */
  readonly environment: Readonly<Record<string, string>>
  /** Remembers an answer. */
  readonly saw: (what: Resource, sighting: Sighting) => void
}

/** The hash of an answer that is plain data. */
export function fingerprintOf(answer: unknown): string {
  return answer === undefined ? 'absent' : sha256Of(JSON.stringify(answer)).slice(0, 32)
}

/** Of an answer of the host itself. */
export function seen(answer: unknown): Sighting {
  return { content: fingerprintOf(answer) }
}

export function refuseIf(unknown: Unknown | undefined): void {
  if (unknown) throw new UnknownError(unknown)
}
