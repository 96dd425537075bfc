/** What the reads of one view of a host share. */
import type { HostName } from '../base/brand.ts'
import { HostError } from '../base/errors.ts'
import type { Batcher } from './batch.ts'
import { sha256Of } from './effects.ts'
import type { ControllerFiles, Placement } from './host.ts'
import type { Overlay } from './overlay.ts'
import type { PlaceOverlay } from './overlay-place.ts'
import type { Resource } from './resource.ts'

/** What a view reads from. */
export interface ReaderSource {
  readonly name: HostName
  readonly batcher: Batcher
  readonly overlay: Overlay | undefined
  readonly placement: Placement
  readonly controller: ControllerFiles
  readonly node: ReaderSource | undefined
}

/** Told of every answer: what was looked at (machine first) and a fingerprint of what was seen. */
export type Trace = (key: string, fingerprint: string) => void

/** What the reads of one view share. */
export interface ViewContext {
  readonly source: ReaderSource
  /** Of a dry run; throws UnknownError when the whole machine will be another. */
  readonly overlay: () => PlaceOverlay | undefined
  /** Remembers an answer of the host. */
  readonly saw: (what: Resource, fingerprint: string) => void
}

/** The hash of an answer that is plain data. */
export function fingerprintOf(answer: unknown): string {
  return answer === undefined ? 'absent' : sha256Of(JSON.stringify(answer)).slice(0, 32)
}

export function invalidName(what: string, name: string): HostError {
  return new HostError({
    code: 'invalid-name',
    message: `not the name of a ${what}: ${JSON.stringify(name)}`,
  })
}
