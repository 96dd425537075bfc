/** A step of a window: one action with its expectations and notes, and its result. */
import type { HostName } from '../base/brand.ts'
import type { Action } from './action.ts'
import type { Expectation, PendingNote } from './expectation.ts'
import type { ActionResult } from './access.ts'

export interface Step {
  readonly action: Action
  /** By path on the machine that the action runs on. */
  readonly expects: ReadonlyMap<string, Expectation>
  /** The handlers that the change notifies, recorded together with it on the action's machine. */
  readonly notes: readonly PendingNote[]
}

/** `notBegun`: an earlier step failed, or the run was interrupted, so nothing of this step was done. */
export type StepResult = ActionResult | { readonly kind: 'notBegun' }

export interface WindowContext {
  /** After this aborts, no new step begins; a running step finishes. */
  readonly signal: AbortSignal
  /** The token of the lease on a machine. A step is refused if another run has taken the lease since. */
  lease?(machine: HostName): number | undefined
  /** Reports the progress of long work. */
  progress?(step: number, message: string, done?: number, total?: number): void
  /** Reports the end of a log that a program has written: whole lines. */
  log?(step: number, path: string, text: string): void
  /**
   * Called when a step has ended, in order and as soon as possible. The output of a program is included if
   * the program is the last of its frame; otherwise `reply` comes with the results.
   */
  finished?(step: number, result: ActionResult): void
  /**
   * Called once, when the last steps have been sent in one frame on the host's own shell: later questions on
   * that shell are answered after those steps, however they end. Not called if the last steps cannot share a
   * frame.
   */
  onWay?(): void
  /** Returns new hex digits for names of temporary files. */
  readonly nonce?: () => string
}
