/** Failures of a step that its work did not cause: its lock, the lease, its notes. */
import type { HostName } from '../../base/brand.ts'
import type { Problem } from '../../base/errors.ts'
import type { Lock } from '../action.ts'
import { diagnose, lastLines } from '../diagnose.ts'

/** `holder` is `PID (NAME)`, or empty if the host does not know it. */
export function lockHeld(lock: Lock | undefined, holder: string): Problem {
  const what = lock?.kind === 'flock' ? lock.path : "gpuplay's lock on the package manager"
  const by = holder === '' ? '' : ` by process ${holder}`
  return {
    code: 'lock-held',
    message: `${what} was still held${by} after ${lock?.timeout ?? 0} s`,
    hint: 'wait for that process to end, then run again',
  }
}

export function leaseTaken(machine: HostName): Problem {
  return {
    code: 'lease-taken',
    message: `another run of gpuplay has taken over ${machine}`,
    hint: 'let the other run finish, then run again',
  }
}

/** `said` is the output of the failed attempt. */
export function noteNotWritten(machine: HostName, said: string): Problem {
  const known = diagnose(said)
  const why = lastLines(said)
  return {
    code: 'state-not-written',
    message: `nothing was changed, because the handlers to notify could not be recorded on ${machine}${why === '' ? '' : `: ${why}`}`,
    hint: known?.hint ?? 'check that /var has space there and is writable, then run again',
  }
}
