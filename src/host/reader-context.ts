/** The shared context of all reads of one view of a host. */
import { type Unknown, UnknownError } from '../base/unknown.ts'
import { sha256Of } from './content.ts'
import type { PlaceOverlay } from './overlay-place.ts'
import type { ReaderSource } from './reader-source.ts'
import type { Resource } from './resource.ts'
import type { Expectation } from './expectation.ts'

/** The result of a read: the state of the host that it relies on, and whether that was predicted. */
export interface Sighting extends Expectation {
  readonly predicted?: boolean
}

/** Called for every answer, with its key (machine first) and its sighting. */
export type Trace = (key: string, sighting: Sighting) => void

/** The context that the reads of one view share. */
export interface ReadContext {
  readonly source: ReaderSource
  /** The predictions, if there can be any. Throws UnknownError if the whole machine is unknown. */
  readonly overlay: () => PlaceOverlay | undefined
  /** The task's environment, for programs on its own host. */
  readonly environment: Readonly<Record<string, string>>
  /** Records an answer. */
  readonly saw: (what: Resource, sighting: Sighting) => void
}

/** Hashes an answer that is plain data. */
export function fingerprintOf(answer: unknown): string {
  return answer === undefined ? 'absent' : sha256Of(JSON.stringify(answer)).slice(0, 32)
}

/** The sighting of an answer of the host itself. */
export function seen(answer: unknown): Sighting {
  return { content: fingerprintOf(answer) }
}

export function refuseIf(unknown: Unknown | undefined): void {
  if (unknown) throw new UnknownError(unknown)
}
