/** How steps of a play end on one host, and what that means for the tasks that they leave out. */
import { isBlockStep } from '../language/block-steps.ts'
import type { Task, TaskOrBlock } from '../language/model.ts'

/** `ended`: `meta` has ended the play on this host. */
export type StepsEnd = 'done' | 'failed' | 'stopped' | 'ended'

export const whySkipped: Readonly<Record<StepsEnd, string>> = {
  done: 'nothing failed',
  failed: 'an earlier task failed',
  stopped: 'the run stopped',
  ended: 'an earlier task has ended the play',
}

/** False if the playbook says that the task never fails. */
export function mayFail({ ignoreErrors, failedWhen = [] }: Task): boolean {
  return !ignoreErrors && !failedWhen.some(({ source }) => source.trim() === 'false')
}

/** The tasks of the steps that run if nothing fails. */
export function withoutFailures(steps: readonly TaskOrBlock[]): readonly Task[] {
  return steps.flatMap((step) =>
    isBlockStep(step) ? withoutFailures([...step.tasks, ...step.always]) : [step],
  )
}
