/** Error messages for failures of a unit. */
import type { Problem } from '../base/errors.ts'
import { defined } from '../base/defined.ts'
import { labelOf } from '../host/label.ts'
import type { Plan, Refusal, Settle } from '../host/plan.ts'
import type { TaskFailure } from './unit.ts'

export function plainFailure(problem: Problem): TaskFailure {
  return { problem, findings: [], exitCode: undefined }
}

export function failureOf({ code, message, hint, findings, exitCode }: Refusal): TaskFailure {
  return {
    problem: { code, message, ...defined({ hint }) },
    findings: findings ?? [],
    exitCode,
  }
}

export function notSettled({ why, timeout, hint }: Settle): TaskFailure {
  const message = `timed out after ${timeout} s: ${why}`
  return plainFailure({ code: 'not-settled', message, ...defined({ hint }) })
}

/** @param asked false if there is no terminal to ask at */
export function notConfirmed(asked: boolean): TaskFailure {
  return plainFailure({
    code: 'not-confirmed',
    message: asked ? 'the answer was not to continue' : 'there is no terminal to ask at',
    ...defined({
      hint: asked ? undefined : 'start the run at a terminal, or leave the task out with --skip-tags',
    }),
  })
}

export function notConverged(plan: Plan): TaskFailure {
  return plainFailure({
    code: 'not-converged',
    message: `did not converge: still to do after its changes: ${plan.actions.map(labelOf).join('; ')}`,
    hint: 'something on the host undoes the change, or the module has a bug; run with -vv to list the actions',
  })
}

export function keptChanging(times: number, why: string): TaskFailure {
  return plainFailure({
    code: 'kept-changing',
    message: `started over ${times} times, then gave up: ${why}`,
    hint: 'find out what else changes this host at the same time, then run again',
  })
}

export function lostImperative(label: string, why: string): TaskFailure {
  return plainFailure({
    code: 'connection-lost',
    message: `the connection dropped during this action, which may or may not have finished: ${label} (${why})`,
    hint: 'check the host; tasks with `creates` and modules that declare a state are safe to run again',
  })
}
