/** A step of a window. */
import type { HostName } from '../base/brand.ts'
import type { Action } from './action.ts'
import type { FileStatus } from './host.ts'
import type { ActionResult } from './machine.ts'
import type { PendingNote } from './state.ts'

/** What a path has to be on the host for an action to be carried out. */
export interface Expectation {
  /** `absent`, `nothing` (read through links: none is there, or one that leads nowhere), `present` or `sha256:HEX`. */
  readonly content: string
  /** What `lstat` said of it when the action was planned; undefined when nobody asked. */
  readonly status?: FileStatus
}

export interface Step {
  readonly action: Action
  /** By path on the machine that the action runs on. */
  readonly expects: ReadonlyMap<string, Expectation>
  /** Handlers that the change notifies, written down on the machine that the action runs on together with it. */
  readonly notes: readonly PendingNote[]
}

/** `notBegun`: a step before it did not end well, so nothing of this one was done. */
export type StepResult = ActionResult | { readonly kind: 'notBegun' }

export interface WindowContext {
  /** No new step begins after this; a step that has begun runs to its end. */
  readonly signal: AbortSignal
  /** The token of the lease on a machine; a step is refused when another run has taken it since. */
  lease?(machine: HostName): number | undefined
  /** Long work of a step says how far it is. */
  progress?(step: number, message: string, done?: number, total?: number): void
  /** A step has ended; called in order, as soon as it is known. */
  finished?(step: number, result: ActionResult): void
  /** Fresh hex digits for names of temporary files. */
  readonly nonce?: () => string
}
