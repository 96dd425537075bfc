/** One script of an executor that needs more than one, or more than a frame can do: a frame of a single step. */
import type { ShellText } from '../../base/shell.ts'
import type { Lock } from '../action.ts'
import type { ExecutionContext, MachineAccess } from '../access.ts'
import { type FrameResult, frameTimeout, sendFrame } from './frame.ts'
import type { FrameStep } from './frame-step.ts'

export interface GuardedScript {
  readonly body: ShellText
  /** What the script reads on its standard input, as a quoted format of `printf`. */
  readonly stdin?: ShellText
  readonly lock?: Lock
  /** Milliseconds, without the wait for the lock. */
  readonly timeout: number
  /** Exit statuses of the body that are success. Default [0]. */
  readonly success?: readonly number[]
  /** The body gets the lock as file descriptor 9, to hand it on to what it leaves running. */
  readonly keepLock?: boolean
  /** No notes: they were written, or will be, by another script of the same action. */
  readonly partial?: boolean
  /** Do not compare what the plan rests on: an earlier script of the same action did. */
  readonly begun?: boolean
  /** A failure means that nothing was changed, so that its notes are struck out again. */
  readonly whole?: boolean
}

export type GuardedResult = Exclude<FrameResult, { kind: 'notBegun' }>

/** @throws the reason of `context.signal` when it was cancelled before the script began */
export async function runGuarded(
  machine: MachineAccess,
  context: ExecutionContext,
  guarded: GuardedScript,
): Promise<GuardedResult> {
  const { body, stdin, lock, success = [0], keepLock = false, whole = false } = guarded
  const step: FrameStep = {
    work: {
      kind: 'program',
      body,
      success,
      keepLock,
      whole,
      ...(stdin === undefined ? {} : { stdin }),
    },
    expects: guarded.begun === true ? new Map() : context.expects,
    notes: guarded.partial === true ? [] : context.notes,
    ...(lock === undefined ? {} : { lock }),
  }
  return runStep(step, machine, { context, timeout: guarded.timeout })
}

/** A step alone in its frame. */
export async function runStep(
  step: FrameStep,
  machine: MachineAccess,
  { context, timeout }: { readonly context: ExecutionContext; readonly timeout: number },
): Promise<GuardedResult> {
  context.signal.throwIfAborted()
  const [result] = await sendFrame([step], machine, { ...context, timeout: frameTimeout([step], timeout) })
  if (result === undefined || result.kind === 'notBegun')
    return { kind: 'lost', why: `the script on ${machine.name} ended before its step began` }
  return result
}
