/** A step of a window: one action with what it rests on and what belongs to it, and how it ended. */
import type { HostName } from '../base/brand.ts'
import type { Action } from './action.ts'
import type { Expectation, PendingNote } from './expectation.ts'
import type { ActionResult } from './access.ts'

export interface Step {
  readonly action: Action
  /** By path on the machine that the action runs on. */
  readonly expects: ReadonlyMap<string, Expectation>
  /**
   * Handlers that the change notifies, written down on the machine that the action runs on together with it.
   */
  readonly notes: readonly PendingNote[]
}

/**
 * `notBegun`: a step before it did not end well, or the run was interrupted, so nothing of this one was done.
 */
export type StepResult = ActionResult | { readonly kind: 'notBegun' }

export interface WindowContext {
  /** No new step begins after this; a step that has begun runs to its end. */
  readonly signal: AbortSignal
  /** The token of the lease on a machine; a step is refused when another run has taken it since. */
  lease?(machine: HostName): number | undefined
  /** Long work of a step says how far it is. */
  progress?(step: number, message: string, done?: number, total?: number): void
  /**
   * A step has ended; called in order, as soon as it is known. What a program printed is there at once when
   * the program is the last of its frame; for one in the middle `reply` comes with the results.
   */
  finished?(step: number, result: ActionResult): void
  /**
   * The last steps are on their way, all in one frame on the host's own shell: what is asked on that shell
   * from now on is answered once they have ended, however they end. Not called where the last steps cannot
   * share a frame. Called at once after sending, once.
   */
  onWay?(): void
  /** Fresh hex digits for names of temporary files. */
  readonly nonce?: () => string
}
