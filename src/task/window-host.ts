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

/** What is heard of actions while they are carried out. */
export interface Hear {
  /** One is done; called at once. */
  readonly finished: (index: number, milliseconds: number) => void
  /** All that is left is on its way: what is asked of the host from now on is answered when that has ended. Not always called. */
  readonly onWay: () => void
}

export interface ProbeOptions {
  /** It travels behind actions that are on their way. */
  readonly behind: boolean
}

/** What a window asks of its host; `task-host.ts` in earnest, a fake in tests. */
export interface TaskHost {
  /** Units of different users are not sent together. */
  userOf(unit: Unit): string
  /**
   * Reads over an overlay. One that follows actions on their way is asked once: whoever sent them opens a connection that dropped.
   * @throws UnknownError, UnreachableError, HostError
   */
  probe(unit: Unit, overlay: Overlay | undefined, options?: ProbeOptions): Promise<Reading>
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
  /** Carries out in order up to the first that is not done. */
  send(sent: readonly Sent[], hear: Hear): Promise<readonly ActionOutcome[]>
  /**
   * What these may have changed is not trusted any more. Where that was said already when they were on their way, and all were done, what the user of this
   * unit has asked behind them since is.
   */
  touched(actions: readonly Action[], askedBehind?: Unit): void
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

/** Units whose actions are on their way. */
export interface OnWay {
  readonly first: Unit
  readonly last: Unit
  /** The one that is not planned to its end, whether or not an action of it is among them. */
  readonly current: Unit | undefined
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
  /** They are on their way: what is needed once they are done may be asked now. */
  onWay(sent: OnWay): void
}
