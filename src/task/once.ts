/** Tasks with `run_once`: one host of a batch runs each of them for all. */
import type { HostName } from '../base/brand.ts'
import type { ExitCode } from '../base/errors.ts'
import type { Task } from '../language/model.ts'

export type Turn =
  /** This host runs the task. */
  | { readonly kind: 'run' }
  | { readonly kind: 'done'; readonly by: HostName; readonly end: OnceEnd }
  /** No new task may start. */
  | { readonly kind: 'stopped' }

/** The end of the task on the host that has run it. */
export interface OnceEnd {
  readonly kind: 'succeeded' | 'failed' | 'unreachable'
  /** The registered result. */
  readonly result: Readonly<Record<string, unknown>>
  /** Exit code of a failure. */
  readonly exitCode: ExitCode | undefined
  /** Variables that the task has set. */
  readonly facts: Readonly<Record<string, unknown>>
  /** False if no action can have reached the host. */
  readonly begun: boolean
}

export interface TurnOptions {
  /** True if no new task may start. */
  readonly stopped: () => boolean
  /** Called once if the host has to wait for another. */
  readonly waiting: (runner: HostName) => void
}

/** Whether the play ends at a task: what one host wants, or what its batch decides. */
export type Wish =
  | { readonly kind: 'continue' | 'end' }
  /** Dry runs only: why it is unknown. */
  | { readonly kind: 'unknown'; readonly why: string }
  /** No new task may start. */
  | { readonly kind: 'stopped' }

export interface VoteOptions extends TurnOptions {
  readonly wish: Wish
}

/** What one host may do with the tasks of its batch. */
export interface OnceTurns {
  /**
   * Decides whether this host runs the task: the first host of the batch does that has not failed and reaches
   * it. The others wait until it has run.
   */
  turn(task: Task, options: TurnOptions): Promise<Turn>
  /** Called when this host has run the task. */
  ended(task: Task, end: OnceEnd): void
  /**
   * Called if this host will not run the task: the next one may, and hosts that wait for its vote do not wait
   * longer.
   */
  passed(task: Task): void
  /**
   * Gives the vote of this host at a task that may end the play, and waits for those of the other hosts. One
   * vote ends the play for all.
   */
  vote(task: Task, options: VoteOptions): Promise<Wish>
  /**
   * In a play with `strategy: linear`: waits until all other hosts have reached the task or will not come to
   * it.
   */
  arrive(task: Task, options: TurnOptions): Promise<'go' | 'stopped'>
}
