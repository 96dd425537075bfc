/** The interfaces of a window: its host, and the owner of its units. */
import type { Problem } from '../base/errors.ts'
import type { Unknown } from '../base/unknown.ts'
import type { Action } from '../host/action.ts'
import type { Overlay } from '../host/overlay.ts'
import type { Plan } from '../host/plan.ts'
import type { ResourcePattern } from '../host/resource.ts'
import type { StepResult } from '../host/step.ts'
import type { Confirm } from './confirmations.ts'
import type { Converged, Planned, Reading, TaskFailure, Unit } from './unit.ts'

/** The result of a sent action. After a lost connection, the host is connected again, or unreachable. */
export type ActionOutcome = StepResult | { readonly kind: 'unreachable'; readonly problem: Problem }

export interface Sent {
  readonly unit: Unit
  readonly planned: Planned
}

/** Callbacks while actions are carried out. */
export interface SendCallbacks {
  /** Called as soon as an action is done. */
  readonly finished: (index: number, milliseconds: number) => void
  /**
   * Called when all remaining actions are in flight: the host answers later questions after them. Not always
   * called.
   */
  readonly onWay: () => void
}

export interface ProbeOrder {
  /** The probe follows actions that are in flight. */
  readonly behind: boolean
}

/** The host of a window: `task-host.ts` in real runs, a fake in tests. */
export interface TaskHost {
  /** Returns the user of a unit. Units of different users are sent separately. */
  userOf(unit: Unit): string
  /**
   * Probes the host with an overlay. A probe that follows actions in flight is tried once; the sender of the
   * actions reconnects if the connection drops.
   * @throws UnknownError, UnreachableError, HostError
   */
  probe(unit: Unit, overlay: Overlay | undefined, options?: ProbeOrder): Promise<Reading>
  newOverlay(): Overlay
  /** Returns why the actions of a plan must not be carried out, if so. */
  forbids(unit: Unit, plan: Plan): TaskFailure | undefined
  /** Applies the predicted effects of the actions to later answers. */
  predict(unit: Unit, actions: readonly Action[], overlay: Overlay): Promise<void>
  /** Dry runs only: marks these resources as unknown. */
  mayChange(resources: readonly ResourcePattern[], why: string, overlay: Overlay): void
  /** Dry runs only: returns why it is unknown whether the unit's user could carry out the actions. */
  whyNot(unit: Unit, actions: readonly Action[], overlay: Overlay): Promise<Unknown | undefined>
  /**
   * Holds the resources of the actions until `release`; `waited` if others held them first and changed
   * something.
   */
  hold(actions: readonly Action[]): Promise<{ readonly waited: boolean; release(): void }>
  /** Carries out the actions in order, up to the first that fails. */
  send(sent: readonly Sent[], hear: SendCallbacks): Promise<readonly ActionOutcome[]>
  /** Called when no action is in flight, and all that were sent are reported: reads may be given up again. */
  settled(): void
  /**
   * Drops the kept answers about everything that the actions may have changed. With `askedBehind`, the same was
   * done when they were in flight and all succeeded; then answers that the user of this unit got after them
   * stay valid.
   */
  touched(actions: readonly Action[], askedBehind?: Unit): void
  /** Invalidates the answers behind a reading, whatever actions declare. */
  refresh(reading: Reading): void
  /** Drops all kept answers after a wait. */
  waited(): void
  /** True if one of the actions may change something that the reading saw. */
  overlaps(actions: readonly Action[], reading: Reading): boolean
  /** Returns warnings about predicted effects that did not happen. */
  surprises(unit: Unit, actions: readonly Action[]): Promise<readonly string[]>
  readonly confirm?: Confirm
  sleep(seconds: number): Promise<void>
  now(): number
}

/** Units whose actions are in flight. */
export interface OnWay {
  readonly first: Unit
  readonly last: Unit
  /** The unit that is not planned to its end, with or without an action among them. */
  readonly current: Unit | undefined
}

/** The owner of the task order, which learns how units ended. */
export interface WindowOwner {
  /**
   * Settles a unit. Returns `moved` if the later units were dropped, because they were planned on a different
   * end of this unit or must not run.
   */
  settle(unit: Unit, converged: Converged): Promise<'next' | 'moved'>
  /** Called after all waiting units are settled. */
  drained(): Promise<'next' | 'moved'>
  /** Continues the run at this unit, which is planned again. */
  goBackTo(unit: Unit): Promise<void>
  acted(unit: Unit, planned: Planned, milliseconds: number): void
  /** Called before actions are sent. */
  sending(): void
  /** Called when the actions are in flight: questions about the state after them may be asked now. */
  onWay(sent: OnWay): void
}
