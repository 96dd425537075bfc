/** Failures of a unit in words. */
import type { Problem } from '../base/errors.ts'
import { labelOf } from '../host/label.ts'
import type { Plan, Refusal, Settle } from '../host/plan.ts'
import type { Failure } from './unit.ts'

export function plainFailure(problem: Problem): Failure {
  return { problem, findings: [], exitCode: undefined }
}

export function failureOf({ code, message, hint, findings, exitCode }: Refusal): Failure {
  return {
    problem: { code, message, ...(hint === undefined ? {} : { hint }) },
    findings: findings ?? [],
    exitCode,
  }
}

export function notSettled({ why, timeout, hint }: Settle): Failure {
  const message = `timed out after ${timeout} s: ${why}`
  return plainFailure({ code: 'not-settled', message, ...(hint === undefined ? {} : { hint }) })
}

export function notConverged(plan: Plan): Failure {
  return plainFailure({
    code: 'not-converged',
    message: `did not converge: after its changes this is still left to do: ${plan.actions.map(labelOf).join('; ')}`,
    hint: 'something on the host undoes the change, or the module has a bug; run with -vv to see what was done',
  })
}

export function keptChanging(times: number, why: string): Failure {
  return plainFailure({
    code: 'kept-changing',
    message: `started over ${times} times, then gave up: ${why}`,
    hint: 'find out what else changes this host at the same time, then run again',
  })
}

export function lostImperative(label: string, why: string): Failure {
  return plainFailure({
    code: 'connection-lost',
    message: `the connection dropped while this ran, so whether it was done is not known: ${label} (${why})`,
    hint: 'look at the host; a task with `creates` or a module that describes a state can be run again safely',
  })
}
