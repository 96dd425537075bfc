/** The state on which a unit is planned: the window of a run, or the predictions of a dry run. */
import type { Problem } from '../base/errors.ts'
import type { Unknown } from '../base/unknown.ts'
import type { Plan } from '../host/plan.ts'
import type { ResourcePattern } from '../host/resource.ts'
import type { Reply } from '../modules/module.ts'
import type { Confirm } from './confirmations.ts'
import type { Reading, TaskFailure, Unit } from './unit.ts'

export type Flushed =
  /** All queued actions are done. */
  | { readonly kind: 'clear' }
  /** An earlier task did not end as planned. The run continues there. */
  | { readonly kind: 'moved' }
  /** Nothing was sent. Other hosts held the resources first, and may have changed them. */
  | { readonly kind: 'again' }
  /** Results of the unit's own actions: */
  | { readonly kind: 'failed'; readonly problem: Problem; readonly reply?: Reply }
  | { readonly kind: 'unreachable'; readonly problem: Problem }
  | { readonly kind: 'stale' | 'lost'; readonly why: string; readonly label: string }

/** The operations that `converge` needs. */
export interface Stage {
  /** False in a dry run. */
  readonly sends: boolean
  /** True if actions of earlier units wait to be sent. */
  readonly waiting: boolean
  /**
   * Reads the host with the queued changes applied.
   * @throws UnknownError, UnreachableError, HostError
   */
  probe(unit: Unit): Promise<Reading>
  /**
   * Queues the actions and applies their effects to all later answers. A dry run only applies the effects.
   */
  queue(unit: Unit, plan: Plan, reading: Reading): Promise<void>
  /** Dry runs only: predicts the effects of a plan that may not be carried out. */
  predict(unit: Unit, plan: Plan): Promise<void>
  /** Dry runs only: marks these resources as unknown. */
  mayChange(resources: readonly ResourcePattern[], why: string): void
  /** Dry runs only: returns why it is unknown whether the actions could be carried out. */
  whyNot(unit: Unit, plan: Plan): Promise<Unknown | undefined>
  /** Returns why the actions of a plan must not be carried out, if so. */
  forbids(unit: Unit, plan: Plan): TaskFailure | undefined
  /** Sends all waiting actions, those of this unit last, and settles the units before it. */
  flush(unit: Unit): Promise<Flushed>
  /** Asks the user; absent if there is no terminal. */
  readonly confirm?: Confirm | undefined
  /** Waits, and drops all kept answers. */
  wait(seconds: number): Promise<void>
  /** Drops all kept answers after a question to the user. */
  waited(): void
  now(): number
}
