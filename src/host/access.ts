/** What actions are carried out with: the way to a machine, what a task says of it, and what may come of it. */
import type { HostName } from '../base/brand.ts'
import type { Problem } from '../base/errors.ts'
import type { Channel, Shell } from '../connection/connection.ts'
import type { Expectation, PendingNote } from './expectation.ts'

/** Where the state of gpuplay lives on a host (`state.ts`). */
export const defaultStateDirectory = '/var/lib/gpuplay/v1'

export interface MachineAccess {
  readonly name: HostName
  /** Set for a container. */
  readonly ctid?: string
  readonly node?: MachineAccess
  /** The shell that is open now. @throws UnreachableError */
  shell(): Promise<Shell>
  /** A program on a channel of its own, with the same rights as the shell. `command` is of the form `exec ...`. @throws UnreachableError */
  open(command: string, signal: AbortSignal): Promise<Channel>
  /** Copies a file of the machine that gpuplay runs on, mode 0600, replacing what is there. @throws HostError, ConnectionLostError, UnreachableError */
  upload(from: string, to: string, options: UploadRequest): Promise<void>
  /** Ends everything at once, in the middle of an action too: the grace after an interruption is over. */
  readonly signal: AbortSignal
  /** Default `defaultStateDirectory`. */
  readonly stateDirectory?: string
}

export interface UploadRequest {
  readonly size: number
  readonly sha256: string
  readonly signal: AbortSignal
  readonly progress?: (done: number) => void
}

/** What executors of a single action are given; in a window each step has its own part (`WindowContext`). */
export interface ExecutionContext {
  /** No new step begins after this; a step that has begun runs to its end (until `MachineAccess.signal`), a detached job runs on without us. */
  readonly signal: AbortSignal
  /** What the plan rests on, by path on the machine that the action runs on. Compared under the lock before anything is changed. */
  readonly expects: ReadonlyMap<string, Expectation>
  /** Written down on the machine that the action runs on before it is changed. */
  readonly notes: readonly PendingNote[]
  /** The token of the lease on a machine; an action is refused when another run has taken it since. */
  lease?(machine: HostName): number | undefined
  readonly progress?: (message: string, done?: number, total?: number) => void
  /** Fresh 32 hex digits for each script. */
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
  /** Something else changed what the plan rests on; nothing was done. */
  | { readonly kind: 'stale'; readonly what: string }
  /** The connection dropped: whether it was done is not known. */
  | { readonly kind: 'lost'; readonly why: string }
  /** The lock was not to be had in time; nothing was done. */
  | { readonly kind: 'locked'; readonly problem: Problem }
