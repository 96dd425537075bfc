/** What a window asks of its host, and whom it tells how units ended. */
import type { Problem } from '../base/errors.ts'
import type { Unknown } from '../base/unknown.ts'
import type { Action } from '../host/action.ts'
import type { Overlay } from '../host/overlay.ts'
import type { ResourcePattern } from '../host/resource.ts'
import type { Reply } from '../modules/module.ts'
import type { Confirm } from './confirm.ts'
import type { Converged, Planned, Reading, Unit } from './unit.ts'

export type ActionOutcome =
  | { readonly kind: 'done'; readonly reply?: Reply }
  | { readonly kind: 'failed'; readonly problem: Problem; readonly reply?: Reply }
  /** Something else changed what the plan rests on: nothing was done. */
  | { readonly kind: 'stale'; readonly why: string }
  /** The connection dropped: it is not known whether it was done. It is open again. */
  | { readonly kind: 'lost'; readonly why: string }
  | { readonly kind: 'unreachable'; readonly problem: Problem }
  /** One before it did not end well. */
  | { readonly kind: 'notBegun' }

export interface Sent {
  readonly unit: Unit
  readonly planned: Planned
}

/** What a window asks of its host; `task-host.ts` in earnest, a fake in tests. */
export interface TaskHost {
  /** Units of different users are not sent together. */
  userOf(unit: Unit): string
  /** Reads over an overlay. @throws UnknownError, UnreachableError, HostError */
  probe(unit: Unit, overlay: Overlay | undefined): Promise<Reading>
  newOverlay(): Overlay
  /** Why an action must not be carried out, if it must not. */
  forbids(action: Action): Problem | undefined
  /** Lays what the actions would leave behind over later readings. */
  predict(unit: Unit, actions: readonly Action[], overlay: Overlay): Promise<void>
  /** In a dry run: these are unknown from here on. */
  mayChange(resources: readonly ResourcePattern[], why: string, overlay: Overlay): void
  /** In a dry run: why it cannot be known whether the unit's user could carry the actions out. */
  whyNot(unit: Unit, actions: readonly Action[], overlay: Overlay): Promise<Unknown | undefined>
  /** Holds the resources of the actions until `release`; `waited` when others held them first. */
  hold(actions: readonly Action[]): Promise<{ readonly waited: boolean; release(): void }>
  /** Carries out in order up to the first that is not done; `finished` is called for each that is, at once. */
  send(
    sent: readonly Sent[],
    finished: (index: number, milliseconds: number) => void,
  ): Promise<readonly ActionOutcome[]>
  /** What these may have changed is not trusted any more. */
  touched(actions: readonly Action[]): void
  /** What was looked at here is asked again, whatever actions said of it. */
  refresh(reading: Reading): void
  /** Time has passed: nothing that was read is trusted any more. */
  waited(): void
  /** Whether one of the actions may change what the reading saw. */
  overlaps(actions: readonly Action[], reading: Reading): boolean
  /** Sentences on effects that were predicted and not seen. */
  surprises(unit: Unit, actions: readonly Action[]): Promise<readonly string[]>
  readonly confirm?: Confirm
  sleep(seconds: number): Promise<void>
  now(): number
}

/** Whoever owns the order of the tasks is told how units ended. */
export interface WindowOwner {
  /** `moved`: what follows was planned on another end of this unit, or must not run: it is dropped. */
  settle(unit: Unit, converged: Converged): Promise<'next' | 'moved'>
  /** All units that waited are settled. */
  drained(): Promise<'next' | 'moved'>
  /** The run goes on at this unit, which is planned again. */
  goBackTo(unit: Unit): Promise<void>
  acted(unit: Unit, planned: Planned, milliseconds: number): void
  /** Before actions are sent. */
  sending(): void
}
