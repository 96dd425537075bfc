/** The access that executors get to a machine, and the results that they return. */
import type { HostName } from '../base/brand.ts'
import type { Problem } from '../base/errors.ts'
import type { Channel, Shell } from '../connection/connection.ts'
import type { Expectation, PendingNote } from './expectation.ts'

/** The directory on a host in which gpuplay keeps its state (`state.ts`). */
export const defaultStateDirectory = '/var/lib/gpuplay/v1'

export interface MachineAccess {
  readonly name: HostName
  /** Set for a container. */
  readonly ctid?: string
  readonly node?: MachineAccess
  /** The shell that is open now. @throws UnreachableError */
  shell(): Promise<Shell>
  /**
   * Starts a program on its own channel, with the same rights as the shell. `command` has the form `exec
   * ...`.
   * @throws UnreachableError
   */
  open(command: string, signal: AbortSignal): Promise<Channel>
  /**
   * Copies a file from the controller with mode 0600, replacing the target.
   * @throws HostError, ConnectionLostError, UnreachableError
   */
  upload(from: string, to: string, options: UploadRequest): Promise<void>
  /**
   * Aborts everything at once, even in the middle of an action: the grace period after an interruption has
   * passed.
   */
  readonly signal: AbortSignal
  /** Default `defaultStateDirectory`. */
  readonly stateDirectory?: string
  /** The directory in which a user keeps jobs who cannot write gpuplay's state. @throws UnreachableError */
  readonly ownDirectory?: () => Promise<string>
}

export interface UploadRequest {
  readonly sha256: string
  readonly signal: AbortSignal
  readonly progress?: (done: number) => void
}

/** The context of a single action. In a window, each step has its own part of it (`WindowContext`). */
export interface ExecutionContext {
  /**
   * After this aborts, no new step begins. A running step finishes (unless `MachineAccess.signal` aborts),
   * and a detached job keeps running.
   */
  readonly signal: AbortSignal
  /**
   * The state that the plan relies on, by path on the action's machine. Compared under the lock before the
   * change.
   */
  readonly expects: ReadonlyMap<string, Expectation>
  /** Recorded on the action's machine before the change. */
  readonly notes: readonly PendingNote[]
  /** The token of the lease on a machine. An action is refused if another run has taken the lease since. */
  lease?(machine: HostName): number | undefined
  readonly progress?: (message: string, done?: number, total?: number) => void
  /** Reports the end of a log that a program has written: whole lines. */
  readonly log?: (path: string, text: string) => void
  /** Returns 32 new hex digits for each script. */
  readonly nonce?: () => string
}

export interface ActionReply {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export type ActionResult =
  | { readonly kind: 'done'; readonly reply?: ActionReply }
  | { readonly kind: 'failed'; readonly problem: Problem; readonly reply?: ActionReply }
  /** Something else changed the state that the plan relies on; nothing was done. */
  | { readonly kind: 'stale'; readonly why: string }
  /** The connection was lost: the action may or may not have been done. */
  | { readonly kind: 'lost'; readonly why: string }
