/**
 * Runs one script of an executor that needs several scripts, or more than a frame allows, as a frame with a
 * single step.
 */
import { defined } from '../../base/defined.ts'
import type { ShellText } from '../../base/shell.ts'
import type { Lock } from '../action.ts'
import type { ExecutionContext, MachineAccess } from '../access.ts'
import { type FrameResult, frameTimeout, sendFrame } from './send-frame.ts'
import type { FrameStep } from './frame-step.ts'

export interface GuardedScript {
  readonly body: ShellText
  /** The standard input of the script, as a quoted `printf` format. */
  readonly stdin?: ShellText
  readonly lock?: Lock
  /** Milliseconds, not counting the wait for the lock. */
  readonly timeout: number
  /** Exit statuses of the body that mean success. Default [0]. */
  readonly success?: readonly number[]
  /** The body gets the lock as file descriptor 9, and can pass it to processes that keep running. */
  readonly keepLock?: boolean
  /** Writes no notes: another script of the same action does. */
  readonly partial?: boolean
  /** Compares no expectations: an earlier script of the same action did. */
  readonly begun?: boolean
  /** A failure means that nothing was changed, so its notes are removed again. */
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
      ...defined({ stdin }),
    },
    expects: guarded.begun === true ? new Map() : context.expects,
    notes: guarded.partial === true ? [] : context.notes,
    ...defined({ lock }),
  }
  return runStep(step, machine, { context, timeout: guarded.timeout })
}

/** Runs one step in its own frame. */
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
