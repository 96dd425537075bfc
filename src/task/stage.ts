/** What a unit is planned over: a window of a run, or what a dry run predicts. */
import type { Problem } from '../base/errors.ts'
import type { Unknown } from '../base/unknown.ts'
import type { Action } from '../host/action.ts'
import type { Plan } from '../host/plan.ts'
import type { ResourcePattern } from '../host/resource.ts'
import type { Reply } from '../modules/module.ts'
import type { Confirm } from './confirm.ts'
import type { Reading, Unit } from './unit.ts'

export type Flushed =
  /** All that was queued is done. */
  | { readonly kind: 'clear' }
  /** An earlier task did not end as it was planned: the run goes on there. */
  | { readonly kind: 'moved' }
  /** Nothing was sent: others held what was to be changed, and may have changed it. */
  | { readonly kind: 'again' }
  /** The unit's own actions: */
  | { readonly kind: 'failed'; readonly problem: Problem; readonly reply?: Reply }
  | { readonly kind: 'unreachable'; readonly problem: Problem }
  | { readonly kind: 'stale' | 'lost'; readonly why: string; readonly label: string }

/** What `converge` asks for. */
export interface Stage {
  /** False in a dry run. */
  readonly sends: boolean
  /** Actions of earlier units wait to be sent. */
  readonly waiting: boolean
  /** Reads the host, over what is queued. @throws UnknownError, UnreachableError, HostError */
  probe(unit: Unit): Promise<Reading>
  /** The actions are laid over all later readings, and wait; in a dry run that is all. */
  queue(unit: Unit, plan: Plan, reading: Reading): Promise<void>
  /** In a dry run: what would be left behind, of a plan that may not be carried out. */
  predict(unit: Unit, plan: Plan): Promise<void>
  /** In a dry run: these are unknown from here on. */
  mayChange(resources: readonly ResourcePattern[], why: string): void
  /** In a dry run: why it cannot be known whether the actions could be carried out. */
  whyNot(unit: Unit, plan: Plan): Promise<Unknown | undefined>
  /** Why an action must not be carried out, if it must not. */
  forbids(action: Action): Problem | undefined
  /** Sends all that waits, this unit's actions last, and settles the units before this one. */
  flush(unit: Unit): Promise<Flushed>
  /** Asks the person; absent when nobody can be asked. */
  readonly confirm?: Confirm | undefined
  /** Time passes, and with it what was read loses its worth. */
  wait(seconds: number): Promise<void>
  /** A person took time. */
  waited(): void
  now(): number
}
